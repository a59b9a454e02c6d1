"""Messages on a real database and to a real server: when they leave, what is left out, what an outage does not lose."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_http.client import typed_address
from opsdash_notifications.announcements import model
from opsdash_notifications.chat import attempt
from opsdash_notifications.chat.text import MOST_LINES

from services.notifications.tests.announcements.conftest import OWNER, Channels
from services.notifications.tests.mail.conftest import ORG, OTHER_ORG, PUBLIC_URL
from tests.support.measurements import eventually

SENT = ("notice.sent", None)
MINUTE = timedelta(minutes=1)


async def test_it_leaves_and_is_recorded(channels: Channels) -> None:
    channel_id = await channels.add("tokenforsupport1")
    source = await channels.event(Reason.COMMENTED)
    await channels.run()
    (message,) = channels.chat.taken
    assert message.text.split("\n") == [
        "[#42] Invoice shows the wrong VAT rate",
        "Jonas Bergström commented.",
        f"{PUBLIC_URL}/en/org/brightside/support/42",
    ]
    expected = notice_id(ORG, source.event_id, channel_id, Channel.TEAM, Reason.COMMENTED)
    assert message.notice == str(expected)
    (row,) = await channels.stored.fetch("SELECT event_type, data FROM history")
    assert row["event_type"] == "notice.sent"
    assert f'"notice_id":"{expected}"' in row["data"]
    assert f'"channel_id":"{channel_id}"' in row["data"]
    assert '"recipient_id":null' in row["data"]
    assert await channels.waiting() == 0
    await channels.run()
    assert len(channels.chat.taken) == 1


async def test_it_is_in_the_language_of_the_org(channels: Channels) -> None:
    await channels.stored.fetch(
        "INSERT INTO org_settings (org_id, escalate_after_hours, language, version) VALUES ($1, 24, 'es', 1)", ORG
    )
    await channels.add("one")
    await channels.event(Reason.MENTIONED)
    await channels.run()
    assert channels.chat.texts[0].split("\n")[1:] == [
        "Jonas Bergström ha mencionado a alguien.",
        f"{PUBLIC_URL}/es/org/brightside/support/42",
    ]


class TestOnce:
    async def test_an_event_that_comes_again_is_one_message(self, channels: Channels) -> None:
        await channels.add("one")
        event_id = uuid4()
        await channels.event(event_id=event_id)
        await channels.event(event_id=event_id)
        assert await channels.waiting() == 1
        await channels.run()
        await channels.event(event_id=event_id)
        assert await channels.waiting() == 0

    async def test_neither_is_one_that_was_refused_or_left_out(self, channels: Channels) -> None:
        await channels.add("gone")
        channels.chat.answers["gone"] = 404
        event_id = uuid4()
        await channels.event(event_id=event_id)
        await channels.run()
        await channels.event(event_id=event_id)
        assert (await channels.outcomes(), await channels.waiting()) == ([("notice.failed", "refused")], 0)

    async def test_of_several_reasons_the_first_that_the_channel_wants(self, channels: Channels) -> None:
        await channels.add("one", Reason.COMMENTED)
        await channels.add("two", Reason.MENTIONED, Reason.COMMENTED)
        await channels.add("three", Reason.ASSIGNED)
        await channels.event(Reason.MENTIONED, Reason.COMMENTED)
        await channels.run()
        found = {each.token: each.text.split("\n")[1] for each in channels.chat.taken}
        assert found == {"one": "Jonas Bergström commented.", "two": "Jonas Bergström mentioned somebody."}


class TestLeftOut:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE team_channels SET disabled_at = now()",
            "UPDATE team_channels SET deleted_at = now(), address = ''",
            "UPDATE orgs SET plate = 'free'",
            "UPDATE orgs SET removed_at = now()",
        ],
    )
    async def test_what_waits_when_the_channel_is_gone(self, channels: Channels, change: str) -> None:
        await channels.add("one")
        await channels.event()
        await channels.stored.fetch(change)
        await channels.run()
        assert (await channels.outcomes(), channels.chat.asked) == ([("notice.skipped", "turned_off")], [])

    async def test_a_disabled_channel_hears_of_nothing(self, channels: Channels) -> None:
        await channels.add("one", disabled_at=(await channels.stored.fetch("SELECT now()"))[0][0])
        await channels.event()
        assert (await channels.waiting(), await channels.outcomes()) == (0, [])

    async def test_a_ticket_that_was_deleted(self, channels: Channels) -> None:
        await channels.add("one")
        await channels.event()
        await channels.stored.fetch("UPDATE known_tickets SET deleted_at = now()")
        await channels.run()
        assert (await channels.outcomes(), channels.chat.asked) == ([("notice.skipped", "too_old")], [])

    async def test_what_is_too_old_but_a_breach_of_the_day(self, channels: Channels) -> None:
        await channels.add("one")
        await channels.event(Reason.COMMENTED, age=timedelta(hours=7))
        await channels.event(Reason.SLA_BREACHED, age=timedelta(hours=7))
        assert await channels.outcomes() == [("notice.skipped", "too_old")]
        await channels.run()
        assert [text.split("\n")[1] for text in channels.chat.texts] == ["This ticket is overdue."]

    async def test_what_the_filter_keeps(self, channels: Channels) -> None:
        await channels.add("urgent", priorities=["urgent"])
        await channels.add("billing", priorities=["urgent", "low"], categories=["billing"])
        await channels.stored.fetch("UPDATE known_tickets SET priority = 'low', category = 'billing'")
        await channels.event()
        await channels.event(Reason.USAGE, number=None)
        await channels.run()
        assert [each.token for each in channels.chat.taken] == ["billing"]

    async def test_orgs_are_not_mixed(self, channels: Channels) -> None:
        await channels.add("ours")
        await channels.add("theirs", org=OTHER_ORG)
        await channels.event(org=OTHER_ORG)
        await channels.run()
        (message,) = channels.chat.taken
        assert message.token == "theirs"
        assert message.text.split("\n")[0] == "[#42]", "the title is the other org's"


class TestManyAtOnce:
    async def test_ten_leave_and_the_others_follow_as_one_a_minute_later(self, channels: Channels) -> None:
        await channels.add("one")
        for number in range(1, 12 + MOST_LINES):
            await channels.event(number=number)
        for _ in range(12):
            await channels.run()
        assert len(channels.chat.taken) == model.MOST_IN_A_MINUTE
        await channels.pass_by(MINUTE)
        await channels.run()
        (digest,) = channels.chat.texts[model.MOST_IN_A_MINUTE :]
        first, *listed, more, link = digest.split("\n")
        assert first == f"[brightside] {MOST_LINES + 1} notices"
        assert len(listed) == MOST_LINES
        assert (more, link) == ("and 1 more", f"{PUBLIC_URL}/en/org/brightside/support")
        outcomes = await channels.outcomes()
        assert outcomes.count(SENT) == model.MOST_IN_A_MINUTE + MOST_LINES
        assert outcomes.count(("notice.skipped", "folded")) == 1
        assert await channels.waiting() == 0

    async def test_a_hanging_chat_keeps_no_other_waiting(self, channels: Channels) -> None:
        for number in range(6):
            channels.chat.answers[f"hangs{number}"] = None
            await channels.add(f"hangs{number}")
        await channels.event()
        await channels.sender.run(channels.database)
        await eventually(lambda: _value(len(channels.chat.asked)), lambda count: count == 6)
        await channels.add("works", Reason.ASSIGNED)
        await channels.event(Reason.ASSIGNED, number=None)
        await channels.sender.run(channels.database)
        assert await eventually(channels.outcomes, bool) == [SENT]
        assert [each.token for each in channels.chat.taken] == ["works"]

    async def test_those_that_failed_never_have_all_the_room(self, channels: Channels) -> None:
        for number in range(12):
            channels.chat.answers[f"hangs{number}"] = None
            await channels.add(f"hangs{number}", Reason.COMMENTED, failures=1)
        await channels.add("works", Reason.ASSIGNED)
        await channels.event()
        await channels.stored.fetch("UPDATE team_turns SET is_failing = true, due_at = due_at - interval '1 minute'")
        await channels.event(Reason.ASSIGNED)
        await channels.sender.run(channels.database)
        await eventually(lambda: _value(channels.chat.taken), bool)
        assert [each.token for each in channels.chat.taken] == ["works"]


async def _value(value: object) -> object:
    return value


class TestFailures:
    async def test_a_chat_that_is_away_is_tried_again_with_growing_pauses(self, channels: Channels) -> None:
        channel_id = await channels.add("one")
        channels.chat.answers["one"] = 503
        await channels.event()
        for number, minutes in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
            await channels.run()
            assert len(channels.chat.asked) == number, "one try for each time it is due"
            await channels.pass_by(timedelta(minutes=minutes) - timedelta(seconds=5))
            await channels.run()
            assert len(channels.chat.asked) == number
            await channels.pass_by(timedelta(seconds=5))
        assert (await channels.channel(channel_id))["failures"] == 7
        assert (await channels.channel(channel_id))["failed_with"] == "HTTP 503 ok"
        channels.chat.answers["one"] = 200
        await channels.run()
        assert (await channels.outcomes(), len(channels.chat.taken)) == ([SENT], 1)
        assert (await channels.channel(channel_id))["failures"] == 0

    async def test_a_message_is_given_up_after_a_day(self, channels: Channels) -> None:
        await channels.add("one")
        channels.chat.answers["one"] = 500
        await channels.event()
        await channels.run()
        await channels.pass_by(timedelta(hours=25))
        await channels.run()
        assert (await channels.outcomes(), await channels.waiting()) == ([("notice.failed", "unreachable")], 0)

    @pytest.mark.parametrize("status", [400, 403, 404, 410, 302])
    async def test_what_is_refused_is_not_tried_again(self, channels: Channels, status: int) -> None:
        await channels.add("one")
        channels.chat.answers["one"] = status
        await channels.event()
        await channels.run()
        await channels.pass_by(timedelta(hours=1))
        await channels.run()
        assert await channels.outcomes() == [("notice.failed", "refused")]
        assert channels.chat.asked == ["one"], "a redirect is not followed either"

    async def test_what_comes_in_a_pause_waits_for_its_end(self, channels: Channels) -> None:
        await channels.add("one")
        channels.chat.answers["one"] = 404
        await channels.event()
        await channels.run()
        await channels.event()
        await channels.run()
        assert (len(channels.chat.asked), await channels.waiting()) == (1, 1)
        await channels.pass_by(MINUTE)
        await channels.run()
        assert (len(channels.chat.asked), await channels.waiting()) == (2, 0)
        await channels.pass_by(timedelta(hours=1))
        await channels.run()
        assert await channels.stored.fetch("SELECT FROM team_turns WHERE due_at IS NOT NULL") == []

    async def test_too_many_requests_are_tried_again(self, channels: Channels) -> None:
        await channels.add("one")
        channels.chat.answers["one"] = 429
        await channels.event()
        await channels.run()
        assert (await channels.outcomes(), await channels.waiting()) == ([], 1)

    async def test_a_hanging_chat_is_given_up_in_time(
        self, channels: Channels, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attempt, "TOTAL_SECONDS", 0.2)
        channel_id = await channels.add("one")
        channels.chat.answers["one"] = None
        await channels.event()
        await channels.run()
        assert (await channels.channel(channel_id))["failed_with"] == "It does not answer (TimeoutError)."


class TestDisabled:
    async def fail(self, channels: Channels, times: int, pause: timedelta) -> None:
        for _ in range(times):
            await channels.pass_by(pause)
            await channels.event(number=None)
            await channels.run()

    async def test_after_fifty_failures_in_a_row_over_a_day(self, channels: Channels) -> None:
        channel_id = await channels.add("one")
        channels.chat.answers["one"] = 404
        await self.fail(channels, 49, timedelta(minutes=30))
        assert (await channels.channel(channel_id))["disabled_at"] is None
        await self.fail(channels, 1, timedelta(minutes=30))
        channel = await channels.channel(channel_id)
        assert (channel["disabled_why"], channel["version"], channel["failures"]) == ("failing", 2, 50)
        await channels.event()
        assert await channels.waiting() == 0

    async def test_not_within_a_day(self, channels: Channels) -> None:
        channel_id = await channels.add("one", failures=60, failing_since=(await _now(channels)) - timedelta(hours=23))
        channels.chat.answers["one"] = 404
        await self.fail(channels, 1, MINUTE)
        assert (await channels.channel(channel_id))["disabled_at"] is None

    async def test_not_when_one_was_taken_in_between(self, channels: Channels) -> None:
        channel_id = await channels.add("one", failures=49, failing_since=(await _now(channels)) - timedelta(hours=48))
        await self.fail(channels, 1, MINUTE)
        channels.chat.answers["one"] = 404
        await self.fail(channels, 1, MINUTE)
        assert (await channels.channel(channel_id))["failures"] == 1

    async def test_owners_and_admins_are_told_once(self, channels: Channels) -> None:
        await channels.add("one", failures=49, failing_since=(await _now(channels)) - timedelta(hours=48))
        channels.chat.answers["one"] = 404
        await self.fail(channels, 2, MINUTE)
        rows = await channels.stored.fetch("SELECT user_id, reason, subject_id FROM inbox_rows")
        assert [tuple(row) for row in rows] == [(OWNER, "channel_disabled", ORG)]
        mails = await channels.stored.fetch("SELECT user_id, reason FROM mails")
        assert [tuple(row) for row in mails] == [(OWNER, "channel_disabled")]


async def _now(channels: Channels) -> datetime:
    return (await channels.stored.fetch("SELECT now()"))[0][0]


async def test_a_chat_whose_name_leads_into_the_network_is_refused_when_it_is_used(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It led elsewhere when it was typed: nobody is asked."""
    monkeypatch.undo()
    assert not typed_address.is_public("127.0.0.2")
    channel_id = await channels.add("one")
    await channels.event()
    await channels.run()
    assert channels.chat.asked == []
    assert (await channels.channel(channel_id))["failed_with"] == "Its host is not on the public internet."
    assert await channels.outcomes() == [("notice.failed", "refused")]


async def test_two_senders_send_each_message_once(channels: Channels) -> None:
    other = replace(channels.sender, _under_way={})
    for number in range(8):
        await channels.add(f"chat{number}")
    await channels.event()
    await asyncio.gather(channels.sender.run(channels.database), other.run(channels.database))
    await asyncio.gather(channels.sender.finish(), other.finish())
    assert sorted(each.token for each in channels.chat.taken) == [f"chat{number}" for number in range(8)]
    assert await channels.outcomes() == [SENT] * 8
    assert UUID(channels.chat.taken[0].notice).version == 5
