"""Mails on a real database and over SMTP: when they leave, what is left out, and what an outage does not lose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_notifications.mail import composition, service
from opsdash_notifications.mail.smtp import MailConnection, SmtpTls
from opsdash_notifications.recipients.model import Occasion

from services.notifications.tests.mail.conftest import JONAS, LINKS, MAYA, ORG, OTHER_ORG, Mails

SENT = ("notice.sent", None)
DAY = timedelta(days=1)


async def test_it_leaves_after_its_delay_and_is_recorded(mails: Mails) -> None:
    source = await mails.notice(MAYA)
    await mails.run()
    assert (mails.server.taken, await mails.outcomes()) == ([], [])

    await mails.pass_by()
    await mails.run()
    (mail,) = mails.server.taken
    assert mails.server.recipients == ["maya@brightside.example"]
    assert mail["Subject"] == "[#42] Invoice shows the wrong VAT rate"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "Jonas Bergström mentioned you." in plain.get_content()
    expected = notice_id(ORG, source.event_id, MAYA, Channel.MAIL, Reason.MENTIONED)
    assert mail["Message-ID"] == f"<{expected}@opsdash.example>"
    assert mail["References"] == f"<{UUID(int=42)}@opsdash.example>"
    assert mail["List-Unsubscribe"] == f"<{LINKS.unsubscribe(MAYA, [Reason.MENTIONED])}>"
    assert (await mails.outcomes(), await mails.waiting()) == ([SENT], 0)

    await mails.pass_by()
    await mails.run()
    assert len(mails.server.taken) == 1


async def test_the_same_notice_has_one_mail(mails: Mails) -> None:
    source = await mails.notice(MAYA)
    async with mails.work() as work:
        await service.schedule(work, source, [(MAYA, Reason.MENTIONED)], Occasion((Reason.MENTIONED,), actor_id=JONAS))
    assert await mails.waiting() == 1


async def test_a_person_has_their_own_delay_and_language(mails: Mails) -> None:
    await mails.execute(
        "INSERT INTO mail_preferences (user_id, delay_seconds, language) VALUES ($1, 0, 'es'), ($2, 3600, 'en')",
        MAYA, JONAS,
    )  # fmt: skip
    await mails.notice(MAYA, JONAS, actor=None)
    await mails.run()
    (mail,) = mails.server.taken
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "Te han mencionado." in plain.get_content()
    assert f"{LINKS.public_url}/es/org/brightside/support/42" in plain.get_content()


async def test_who_chose_no_language_has_that_of_the_org(mails: Mails) -> None:
    await mails.execute(
        "INSERT INTO org_settings (org_id, escalate_after_hours, language, version) VALUES ($1, 24, 'es', 1)", ORG
    )
    await mails.execute("INSERT INTO mail_preferences (user_id, language) VALUES ($1, 'en')", JONAS)
    await mails.notice(MAYA, JONAS, actor=None)
    await mails.pass_by()
    await mails.run()
    said = {
        recipient: "Te han mencionado." in str(mail.get_body(("plain",)).get_content())
        for recipient, mail in zip(mails.server.recipients, mails.server.taken, strict=True)
    }
    assert said == {"maya@brightside.example": True, "jonas@brightside.example": False}


class TestLeftOut:
    async def after(self, mails: Mails) -> list[tuple[str, str | None]]:
        await mails.pass_by()
        await mails.run()
        assert (mails.server.taken, await mails.waiting()) == ([], 0)
        return await mails.outcomes()

    async def row(self, mails: Mails, state: str) -> None:
        """In the inbox, as old as the mail."""
        await mails.execute(
            "INSERT INTO inbox_rows (org_id, user_id, subject_id, id, number, reason, reasons, count, state,"
            " first_unread_at, updated_at, version) SELECT org_id, user_id, ticket_id, $1, number, reason, '{}', 1, $2,"
            " made_at, made_at, 1 FROM mails",
            uuid4(), state,
        )  # fmt: skip

    @pytest.mark.parametrize("state", ["read", "archived"])
    async def test_what_was_seen(self, mails: Mails, state: str) -> None:
        await mails.notice(MAYA)
        await self.row(mails, state)
        assert await self.after(mails) == [("notice.skipped", "seen")]

    async def test_what_was_seen_before_something_new_came(self, mails: Mails) -> None:
        await mails.notice(MAYA)
        await self.row(mails, "unread")
        await mails.execute("UPDATE inbox_rows SET first_unread_at = first_unread_at + interval '30 seconds'")
        assert await self.after(mails) == [("notice.skipped", "seen")]

    async def test_nothing_while_it_is_unread(self, mails: Mails) -> None:
        await mails.notice(MAYA)
        await self.row(mails, "unread")
        await mails.execute("UPDATE inbox_rows SET first_unread_at = first_unread_at - interval '61 seconds'")
        await mails.pass_by()
        await mails.run()
        assert len(mails.server.taken) == 1

    @pytest.mark.parametrize(
        "leaves",
        [
            "UPDATE members SET removed_at = now() WHERE org_id = $1",
            "UPDATE orgs SET removed_at = now() WHERE org_id = $1",
            "UPDATE orgs SET plate = 'free' WHERE org_id = $1",
        ],
    )
    async def test_who_is_no_member_any_more(self, mails: Mails, leaves: str) -> None:
        await mails.notice(MAYA)
        await mails.execute(leaves, ORG)
        assert await self.after(mails) == [("notice.skipped", "not_a_member")]

    @pytest.mark.parametrize("address", [None, "", "maya", "maya@x.example, other@x.example", "m\r\nBcc: x@y.example"])
    async def test_who_has_no_address(self, mails: Mails, address: str | None) -> None:
        await mails.execute("UPDATE members SET email = $1", address)
        await mails.notice(MAYA)
        assert await self.after(mails) == [("notice.skipped", "no_address")]

    async def test_who_is_not_the_assignee_any_more(self, mails: Mails) -> None:
        await mails.notice(MAYA, reason=Reason.ASSIGNED)
        await mails.execute("UPDATE known_tickets SET assignee_id = $1", JONAS)
        assert await self.after(mails) == [("notice.skipped", "too_old")]

    async def test_a_ticket_that_was_deleted(self, mails: Mails) -> None:
        await mails.notice(MAYA)
        await mails.execute("UPDATE known_tickets SET deleted_at = now()")
        assert await self.after(mails) == [("notice.skipped", "too_old")]

    async def test_what_was_turned_off(self, mails: Mails) -> None:
        await mails.execute(
            """INSERT INTO mail_preferences (user_id, turned) VALUES ($1, '{"mentioned": false}')""", MAYA
        )
        await mails.notice(MAYA)
        assert await self.after(mails) == [("notice.skipped", "turned_off")]

    async def test_changes_of_status_unless_they_were_turned_on(self, mails: Mails) -> None:
        await mails.notice(MAYA, reason=Reason.STATUS_CHANGED)
        assert await self.after(mails) == [("notice.skipped", "turned_off")]


class TestManyAtOnce:
    async def test_ten_leave_and_the_others_follow_as_one_a_minute_later(self, mails: Mails) -> None:
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

    async def test_what_a_digest_does_not_list_is_folded(self, mails: Mails) -> None:
        for number in range(1, composition.MOST_LINES + 16):
            await mails.notice(MAYA, number=number)
        for _ in range(2):
            await mails.pass_by()
            await mails.run()
        assert len(mails.server.taken) == 11
        outcomes = await mails.outcomes()
        assert outcomes.count(("notice.skipped", "folded")) == 5
        assert outcomes.count(SENT) == 10 + composition.MOST_LINES

    async def test_five_thousand_in_a_minute_are_ten_mails_and_a_digest(self, mails: Mails) -> None:
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

    async def test_orgs_are_not_mixed(self, mails: Mails) -> None:
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

    async def test_quiet_hours_end_with_one_digest(self, mails: Mails) -> None:
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


class TestOutage:
    async def test_nothing_is_lost_while_the_server_is_away(self, mails: Mails) -> None:
        await mails.notice(MAYA)
        await mails.pass_by()
        await mails.server.stop()
        await mails.run()
        assert "waits for smtp" in mails.sender.ready()[1]
        assert (await mails.waiting(), await mails.outcomes()) == (1, [])
        await mails.server.start()
        await mails.run()
        assert mails.sender.ready() == (True, "sending")
        assert (len(mails.server.taken), await mails.outcomes()) == (1, [SENT])

    async def test_a_server_that_takes_none_from_us_is_away(self, mails: Mails) -> None:
        """It offers no TLS, and TLS is asked for."""
        await mails.notice(MAYA)
        await mails.pass_by()
        server = replace(mails.sender.server, tls=SmtpTls.STARTTLS)
        sender = replace(mails.sender, server=server)
        await sender.run(mails.database)
        assert "waits for smtp" in sender.ready()[1]
        assert (mails.server.taken, await mails.waiting()) == ([], 1)

    async def test_killed_after_the_server_took_it_the_same_mail_comes_again(
        self, mails: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            """As a process that ends there."""

        for number in range(1, 15):
            await mails.notice(MAYA, number=number)
        await mails.pass_by()
        await mails.run()
        await mails.pass_by()
        await mails.notice(JONAS)
        await mails.pass_by()
        send = MailConnection.send

        async def send_and_die(*arguments: object, **named: object) -> None:
            await send(*arguments, **named)  # type: ignore[arg-type]
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(MailConnection, "send", send_and_die)
            for _ in range(2):
                with pytest.raises(Killed):
                    await mails.run()
        taken = len(mails.server.taken)
        assert taken == 12
        await mails.run()
        assert len(mails.server.taken) == taken, "another process still has time for them"
        await mails.pass_by(service.LEASE)
        await mails.run()
        assert len(mails.server.taken) == taken + 2
        ids = [str(mail["Message-ID"]) for mail in mails.server.taken]
        assert sorted(ids[10:12]) == sorted(ids[12:])
        assert await mails.outcomes() == [SENT] * 15
        assert await mails.waiting() == 0

    async def test_who_was_slow_records_nothing_twice(self, mails: Mails) -> None:
        await mails.notice(MAYA)
        await mails.pass_by()
        async with mails.work() as work:
            departure = await service.depart(work)
        assert departure is not None
        await mails.pass_by(service.LEASE)
        await mails.run()
        async with mails.work() as work:
            await service.record_sent(work, departure.turn, departure.mails[0])
        assert await mails.outcomes() == [SENT]

    async def test_a_recipient_who_is_refused_is_recorded_and_others_go_on(self, mails: Mails) -> None:
        mails.server.answer_to_recipient = "550 no such mailbox maya@brightside.example"
        await mails.notice(MAYA)
        await mails.pass_by()
        await mails.run()
        assert (await mails.outcomes(), await mails.waiting()) == ([("notice.failed", "refused")], 0)
        mails.server.answer_to_recipient = "250 OK"
        await mails.notice(JONAS)
        await mails.pass_by()
        await mails.run()
        assert mails.server.recipients == ["jonas@brightside.example"]

    @pytest.mark.parametrize("where", ["answer_to_recipient", "answer_to_mail"])
    async def test_what_is_not_taken_now_is_tried_again_for_a_day(self, mails: Mails, where: str) -> None:
        setattr(mails.server, where, "451 try again later")
        await mails.notice(MAYA)
        await mails.pass_by()
        await mails.run()
        await mails.run()
        assert (await mails.waiting(), await mails.outcomes()) == (1, [])
        setattr(mails.server, where, "250 OK")
        await mails.pass_by()
        await mails.run()
        assert (len(mails.server.taken), await mails.outcomes()) == (1, [SENT])

    async def test_after_a_day_it_is_given_up(self, mails: Mails) -> None:
        mails.server.answer_to_mail = "451 try again later"
        await mails.notice(MAYA)
        await mails.pass_by(DAY)
        await mails.run()
        assert await mails.outcomes() == [("notice.failed", "unreachable")]


async def test_a_title_that_would_be_a_header_is_one_line(mails: Mails) -> None:
    await mails.execute("UPDATE known_tickets SET title = $1", "x\r\nBcc: victim@example.test")
    await mails.notice(MAYA)
    await mails.pass_by()
    await mails.run()
    (mail,) = mails.server.taken
    assert (mail["Bcc"], mail["Subject"]) == (None, "[#42] x Bcc: victim@example.test")
    assert mails.server.recipients == ["maya@brightside.example"]
