"""Chats that are away, refuse or hang: when a message is tried again, given up, and its channel disabled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from opsdash_notifications.chat import attempt

from services.notifications.tests.announcements.conftest import OWNER, Channels
from services.notifications.tests.mail.conftest import ORG

SENT = ("notice.sent", None)
MINUTE = timedelta(minutes=1)


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
