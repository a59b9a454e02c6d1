"""Messages on a real database and to a real server: when they leave, what is left out, what an outage does not lose."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_http.client import typed_address
from opsdash_notifications.chat.text import MOST_LINES
from opsdash_notifications.throttle import MOST_IN_A_MINUTE

from services.notifications.tests.announcements.conftest import Channels
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
        assert len(channels.chat.taken) == MOST_IN_A_MINUTE
        await channels.pass_by(MINUTE)
        await channels.run()
        (digest,) = channels.chat.texts[MOST_IN_A_MINUTE:]
        first, *listed, more, link = digest.split("\n")
        assert first == f"[brightside] {MOST_LINES + 1} notices"
        assert len(listed) == MOST_LINES
        assert (more, link) == ("and 1 more", f"{PUBLIC_URL}/en/org/brightside/support")
        outcomes = await channels.outcomes()
        assert outcomes.count(SENT) == MOST_IN_A_MINUTE + MOST_LINES
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
