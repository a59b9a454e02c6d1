"""The daily mail of what is overdue: once a day and org, at the person's hour, with what the owner of tickets says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.mail import preferences_service
from opsdash_notifications.mail.texts import OVERDUE_DIGEST
from opsdash_notifications.overdue import service
from opsdash_notifications.tickets.tickets_client import OverdueTickets

from services.notifications.tests.mail.conftest import JONAS, LINKS, MAYA, ORG
from services.notifications.tests.mail.digests import Digests, tickets


def plain_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_at_their_hour_a_person_has_one_mail_an_org(digests: Digests) -> None:
    await digests.chosen(MAYA)
    for _ in range(3):
        await digests.day()
    assert sorted(digests.mails.server.subjects) == ["[brightside] 1 overdue ticket", "[tidewater] 1 overdue ticket"]
    mail = next(each for each in digests.taken if "brightside" in each["Subject"])
    plain = plain_of(mail)
    assert "[#42] Ticket 42" in plain
    assert "Due since Mar 3, 2026, 9:15" in plain
    assert f"{LINKS.public_url}/en/org/brightside/support/42" in plain
    assert "tidewater" not in str(mail)
    assert mail["List-Unsubscribe"] == f"<{LINKS.unsubscribe(MAYA, [OVERDUE_DIGEST])}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_who_chose_none_or_another_hour_has_none(digests: Digests) -> None:
    await digests.chosen(MAYA, digest_hour=None)
    await digests.chosen(JONAS, digest_hour=(datetime.now(UTC).hour + 2) % 24)
    await digests.day()
    assert digests.taken == []


async def test_an_hour_that_was_over_when_it_was_chosen_begins_tomorrow(digests: Digests) -> None:
    await digests.chosen(MAYA, digest_set_at=datetime.now(UTC))
    await digests.day()
    assert digests.taken == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orgs SET plate = 'free'",
        "UPDATE orgs SET removed_at = now()",
        "UPDATE members SET removed_at = now()",
        "UPDATE members SET email = NULL",
        "UPDATE mail_preferences SET muted_until = now() + interval '1 hour'",
        "UPDATE mail_preferences SET digest_hour = NULL",
    ],
)
async def test_nothing_is_sent_to_whom_it_is_not_for_any_more(digests: Digests, change: str) -> None:
    await digests.chosen(MAYA)
    await service.begin_due(digests.mails.database)
    await digests.mails.execute(change)
    await digests.sender.run(digests.mails.database)
    assert digests.taken == []
    assert (await digests.mails.stored.fetch("SELECT count(*) FROM overdue_digests WHERE due_at IS NOT NULL"))[0][
        0
    ] == 0


@pytest.mark.parametrize("found", [tickets(), None])
async def test_nothing_overdue_is_no_mail_and_none_later_on_that_day(
    digests: Digests, found: OverdueTickets | None
) -> None:
    digests.tickets.there = {} if found is None else {(ORG, MAYA): found}
    await digests.chosen(MAYA)
    await digests.day()
    digests.tickets.there = {(ORG, MAYA): tickets(42)}
    await digests.day()
    assert digests.taken == []


async def test_many_are_listed_in_part(digests: Digests) -> None:
    digests.tickets.there = {(ORG, JONAS): tickets(*range(1, 26), found=30)}
    await digests.chosen(JONAS, language="es", digest_zone="UTC")
    await digests.day()
    (mail,) = digests.taken
    assert mail["Subject"] == "[brightside] 30 tickets vencidos"
    plain = plain_of(mail)
    assert plain.count("Vencido desde el 3 mar 2026, 9:15.") == 25
    assert f"Y 5 más. {LINKS.public_url}/es/org/brightside/support?view=breached" in plain


async def test_it_is_in_the_language_of_the_org_for_who_chose_none(digests: Digests) -> None:
    await digests.mails.execute(
        "INSERT INTO org_settings (org_id, escalate_after_hours, language, version) VALUES ($1, 24, 'es', 1)", ORG
    )
    await digests.chosen(JONAS)
    await digests.day()
    assert digests.mails.server.subjects == ["[brightside] 1 ticket vencido"]


async def test_its_link_turns_it_off_and_nothing_else(digests: Digests) -> None:
    await digests.chosen(MAYA)
    url = LINKS.unsubscribe(MAYA, [OVERDUE_DIGEST])
    user, names, signature = url.removeprefix(f"{LINKS.public_url}/unsubscribe/").split("/")
    async with digests.mails.database.tenant_transaction() as connection:
        said = await preferences_service.linked(connection, LINKS, UUID(user), names, signature)
        await preferences_service.unsubscribe(connection, LINKS, UUID(user), names, signature)
        stored = await preferences_service.preferences(connection, MAYA)
    assert said == ("en", ["what is overdue each day"])
    assert (stored.digest_hour, stored.to_model().wants(Reason.SLA_BREACHED)) == (None, True)
    await digests.day()
    assert digests.taken == []


async def test_a_link_of_a_reason_leaves_the_digest(digests: Digests) -> None:
    await digests.chosen(MAYA)
    url = LINKS.unsubscribe(MAYA, [Reason.MENTIONED])
    user, names, signature = url.removeprefix(f"{LINKS.public_url}/unsubscribe/").split("/")
    async with digests.mails.database.tenant_transaction() as connection:
        await preferences_service.unsubscribe(connection, LINKS, UUID(user), names, signature)
        stored = await preferences_service.preferences(connection, MAYA)
    assert stored.digest_hour is not None
    assert not stored.to_model().wants(Reason.MENTIONED)
