"""Mails on a real database and over SMTP: when they leave, and what is left out."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_notifications.mail import service
from opsdash_notifications.recipients.model import Occasion

from services.notifications.tests.mail.conftest import JONAS, LINKS, MAYA, ORG, Mails

SENT = ("notice.sent", None)


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
    await mails.execute("INSERT INTO mail_preferences (user_id, chosen_language) VALUES ($1, 'en')", JONAS)
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


async def test_a_title_that_would_be_a_header_is_one_line(mails: Mails) -> None:
    await mails.execute("UPDATE known_tickets SET title = $1", "x\r\nBcc: victim@example.test")
    await mails.notice(MAYA)
    await mails.pass_by()
    await mails.run()
    (mail,) = mails.server.taken
    assert (mail["Bcc"], mail["Subject"]) == (None, "[#42] x Bcc: victim@example.test")
    assert mails.server.recipients == ["maya@brightside.example"]
