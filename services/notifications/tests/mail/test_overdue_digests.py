"""The daily mail of what is overdue: once a day and org, at the person's hour, with what the owner of tickets says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.notices import Reason
from opsdash_notifications.mail import preferences_service
from opsdash_notifications.mail.smtp import MailConnection
from opsdash_notifications.mail.texts import OVERDUE_DIGEST
from opsdash_notifications.overdue import service
from opsdash_notifications.overdue.sender import DigestSender
from opsdash_notifications.tickets.tickets_client import OverdueTicket, OverdueTickets
from prometheus_client import REGISTRY

from services.notifications.tests.mail.conftest import JONAS, LINKS, MAYA, ORG, OTHER_ORG, Mails

Fault = Callable[[], Awaitable[None]]
DUE = datetime(2026, 3, 3, 9, 15, tzinfo=UTC)


@dataclass
class FakeOverdue:
    """Answers for the tickets service: what is overdue for a person in an org."""

    there: dict[tuple[UUID, UUID], OverdueTickets] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    async def overdue(self, org_id: UUID, reader: UUID) -> OverdueTickets | None:
        self.asked += 1
        if self.away:
            raise Unavailable("It is away.")
        return self.there.get((org_id, reader))


@dataclass
class Digests:
    mails: Mails
    tickets: FakeOverdue

    @property
    def sender(self) -> DigestSender:
        tickets: Any = self.tickets
        return DigestSender.beside(self.mails.sender, tickets)

    @property
    def taken(self) -> list[EmailMessage]:
        return self.mails.server.taken

    async def chosen(self, person: UUID, **more: object) -> None:
        """The digest of this hour, since yesterday."""
        values = {"user_id": person, "digest_hour": datetime.now(UTC).hour, "digest_zone": "UTC"} | more
        values["digest_set_at"] = more.get("digest_set_at", datetime.now(UTC) - timedelta(days=1))
        names, places = ", ".join(values), ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.mails.execute(f"INSERT INTO mail_preferences ({names}) VALUES ({places})", *values.values())

    async def day(self) -> None:
        """What the housekeeping of a process does."""
        await service.begin_due(self.mails.database)
        with suppress(Unavailable):
            await self.sender.run(self.mails.database)

    async def wait(self, time: timedelta) -> None:
        await self.mails.execute("UPDATE overdue_digests SET due_at = due_at - $1::interval", time)


def tickets(*numbers: int, found: int | None = None) -> OverdueTickets:
    listed = [OverdueTicket(number, f"Ticket {number}", DUE) for number in numbers]
    return OverdueTickets(listed, len(numbers) if found is None else found)


@pytest.fixture
async def digests(mails: Mails) -> Digests:
    overdue = FakeOverdue({(ORG, MAYA): tickets(42), (OTHER_ORG, MAYA): tickets(7), (ORG, JONAS): tickets(42)})
    return Digests(mails, overdue)


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


class TestOutages:
    async def test_killed_after_the_server_took_it_the_same_mail_comes_again(
        self, digests: Digests, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            """As a process that ends there."""

        await digests.chosen(JONAS)
        send = MailConnection.send

        async def send_and_die(*arguments: object, **named: object) -> None:
            await send(*arguments, **named)  # type: ignore[arg-type]
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(MailConnection, "send", send_and_die)
            with pytest.raises(Killed):
                await digests.day()
        await digests.day()
        assert len(digests.taken) == 1, "another process still has time for it"
        await digests.wait(service.LEASE)
        await digests.day()
        first, second = digests.taken
        assert first["Message-ID"] == second["Message-ID"]
        await digests.wait(service.LEASE)
        await digests.day()
        assert len(digests.taken) == 2

    async def test_replicas_send_each_once(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await asyncio.gather(*(digests.day() for _ in range(3)))
        assert len({str(mail["Message-ID"]) for mail in digests.taken}) == len(digests.taken) == 3

    @pytest.mark.parametrize("what", ["tickets", "mail", "mail_server"])
    async def test_what_is_away_is_waited_for(self, digests: Digests, what: str) -> None:
        away, back = self.faults(digests)[what]
        await digests.chosen(JONAS)
        await away()
        await digests.day()
        assert digests.taken == []
        await back()
        await digests.wait(service.PAUSE)
        await digests.day()
        assert len(digests.taken) == 1

    async def test_while_tickets_are_away_they_are_asked_for_one_digest_and_the_others_stay_due(
        self, digests: Digests
    ) -> None:
        digests.tickets.away = True
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await digests.day()
        assert digests.tickets.asked == 1
        digests.tickets.away = False
        await digests.day()
        assert digests.tickets.asked == 4, "those of two people in two orgs but the first"
        await digests.wait(service.PAUSE)
        await digests.day()
        assert (digests.tickets.asked, len(digests.taken)) == (5, 3)

    async def test_but_not_until_the_day_is_over(self, digests: Digests) -> None:
        digests.tickets.away = True
        await digests.chosen(JONAS)
        await digests.day()
        digests.tickets.away = False
        await digests.mails.execute("UPDATE overdue_digests SET made_at = made_at - interval '7 hours'")
        await digests.wait(service.PAUSE)
        await digests.day()
        assert digests.taken == []

    def faults(
        self, digests: Digests
    ) -> dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]]:
        async def set_away(*, away: bool) -> None:
            digests.tickets.away = away

        async def answer(said: str) -> None:
            digests.mails.server.answer_to_mail = said

        server = digests.mails.server
        return {
            "tickets": (lambda: set_away(away=True), lambda: set_away(away=False)),
            "mail": (lambda: answer("451 try again later"), lambda: answer("250 OK")),
            "mail_server": (server.stop, server.start),
        }


class TestOneThatFails:
    """A zone that this machine does not know, or whatever else is wrong with one person's digest."""

    async def test_an_hour_that_cannot_be_told_keeps_up_no_other(self, digests: Digests) -> None:
        await digests.chosen(MAYA, digest_zone="Atlantis/Capital")
        await digests.chosen(JONAS)
        before = put_off("digest_hour")
        await digests.day()
        assert {mail["To"].addresses[0].display_name for mail in digests.taken} == {"Jonas Bergström"}
        assert put_off("digest_hour") == before + 1

    async def test_a_digest_that_cannot_be_made_is_tried_later(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await service.begin_due(digests.mails.database)
        await digests.mails.execute(
            "UPDATE mail_preferences SET digest_zone = 'Atlantis/Capital' WHERE user_id = $1", MAYA
        )
        await digests.mails.execute(
            "UPDATE overdue_digests SET due_at = due_at - interval '1 s' WHERE user_id = $1", MAYA
        )
        for _ in range(2):
            await digests.sender.run(digests.mails.database)
            assert len(digests.taken) == 1
        await digests.mails.execute("UPDATE mail_preferences SET digest_zone = 'UTC'")
        await digests.wait(service.LEASE)
        await digests.sender.run(digests.mails.database)
        assert len(digests.taken) == 3

    async def test_it_is_given_up_when_it_is_too_late(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await service.begin_due(digests.mails.database)
        await digests.mails.execute("UPDATE mail_preferences SET digest_zone = 'Atlantis/Capital'")
        await digests.mails.execute("UPDATE overdue_digests SET made_at = made_at - interval '7 hours'")
        await digests.sender.run(digests.mails.database)
        assert await digests.mails.stored.fetch("SELECT FROM overdue_digests WHERE due_at IS NOT NULL") == []


def put_off(kind: str) -> float:
    return REGISTRY.get_sample_value("opsdash_rows_put_off_total", {"kind": kind}) or 0


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
