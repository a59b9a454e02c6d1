"""Many mails of one person: ten leave in a minute, the others follow as one; quiet hours end with one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from opsdash_contracts.notices import Reason
from opsdash_notifications.mail import composition

from services.notifications.tests.mail.conftest import JONAS, MAYA, ORG, OTHER_ORG, Mails

SENT = ("notice.sent", None)


async def test_ten_leave_and_the_others_follow_as_one_a_minute_later(mails: Mails) -> None:
    for number in range(1, 61):
        await mails.notice(MAYA, number=number)
    await mails.notice(JONAS)
    await mails.pass_by()
    await mails.run()
    assert len(mails.server.taken) == 11
    assert "jonas@brightside.example" in mails.server.recipients
    assert await mails.waiting() == 50

    await mails.pass_by()
    await mails.run()
    assert mails.server.subjects[11:] == ["[brightside] 50 notices"]
    assert await mails.waiting() == 0
    assert await mails.outcomes() == [SENT] * 61


async def test_what_a_digest_does_not_list_is_folded(mails: Mails) -> None:
    for number in range(1, composition.MOST_LINES + 16):
        await mails.notice(MAYA, number=number)
    for _ in range(2):
        await mails.pass_by()
        await mails.run()
    assert len(mails.server.taken) == 11
    outcomes = await mails.outcomes()
    assert outcomes.count(("notice.skipped", "folded")) == 5
    assert outcomes.count(SENT) == 10 + composition.MOST_LINES


async def test_five_thousand_in_a_minute_are_ten_mails_and_a_digest(mails: Mails) -> None:
    """And they are in nobody else's way."""
    await mails.execute(
        "INSERT INTO mails (org_id, notice_id, user_id, reason, ticket_id, number, source_event_id, source_at,"
        " is_urgent, made_at, due_at) SELECT $1, gen_random_uuid(), $2, 'sla_breached', gen_random_uuid(), number,"
        " gen_random_uuid(), now(), false, now(), now() FROM generate_series(1, 5000) number",
        ORG, MAYA,
    )  # fmt: skip
    await mails.execute("INSERT INTO mail_turns (org_id, user_id, due_at) VALUES ($1, $2, now())", ORG, MAYA)
    await mails.notice(JONAS)
    await mails.pass_by()
    await mails.run()
    assert mails.server.recipients.count("maya@brightside.example") == 10
    assert mails.server.recipients.count("jonas@brightside.example") == 1
    await mails.pass_by()
    await mails.run()
    assert mails.server.subjects[11:] == ["[brightside] 4990 notices"]
    assert await mails.waiting() == 0
    outcomes = await mails.outcomes()
    assert outcomes.count(("notice.skipped", "folded")) == 4990 - composition.MOST_LINES
    assert outcomes.count(SENT) == 11 + composition.MOST_LINES


async def test_orgs_are_not_mixed(mails: Mails) -> None:
    for number in range(1, 13):
        await mails.notice(MAYA, number=number)
        await mails.notice(MAYA, number=number, org=OTHER_ORG)
    for _ in range(2):
        await mails.pass_by()
        await mails.run()
    assert len(mails.server.taken) == 22
    for mail, recipient in zip(mails.server.taken, mails.server.recipients, strict=True):
        other = "tidewater" if recipient.endswith("@brightside.example") else "brightside"
        assert other not in str(mail)


async def test_quiet_hours_end_with_one_digest(mails: Mails) -> None:
    await mails.execute(
        "INSERT INTO mail_preferences (user_id, quiet_begins, quiet_ends, quiet_zone)"
        " VALUES ($1, (now() - interval '1 hour')::time, (now() + interval '1 hour')::time, 'UTC')",
        MAYA,
    )
    await mails.notice(MAYA, number=1)
    await mails.notice(MAYA, number=2, reason=Reason.ASSIGNED)
    await mails.execute("INSERT INTO known_tickets (org_id, ticket_id, number, version, assignee_id)"
                        " VALUES ($1, $2, 2, 1, $3)", ORG, UUID(int=2), MAYA)  # fmt: skip
    await mails.notice(MAYA, number=3, reason=Reason.SLA_BREACHED, is_urgent=True, actor=None)
    await mails.pass_by()
    await mails.run()
    assert [subject[:4] for subject in mails.server.subjects] == ["[#3]"]
    await mails.execute("UPDATE mail_preferences SET quiet_begins = NULL")
    await mails.pass_by(timedelta(hours=1))
    await mails.run()
    assert mails.server.subjects[1:] == ["[brightside] 2 notices"]
