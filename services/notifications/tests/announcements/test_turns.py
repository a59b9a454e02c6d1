"""What the hourly job does with the turns of channels."""

from __future__ import annotations

from opsdash_notifications.announcements import repository, service

from services.notifications.tests.announcements.conftest import Channels
from services.notifications.tests.mail.conftest import ORG


async def test_those_without_a_time_are_found_again(channels: Channels) -> None:
    await channels.add("one")
    await channels.event()
    await channels.stored.fetch("UPDATE team_turns SET due_at = NULL")
    async with channels.work() as work:
        await repository.revive(work.connection)
    await channels.run()
    assert len(channels.chat.taken) == 1


async def test_a_test_that_succeeds_ends_the_pause(channels: Channels) -> None:
    channel_id = await channels.add("one")
    channels.chat.answers["one"] = 503
    await channels.event()
    await channels.run()
    channels.chat.answers["one"] = 200
    async with channels.work() as work:
        await service.record_test(work, ORG, channel_id)
    await channels.run()
    assert await channels.outcomes() == [("notice.sent", None)]


async def test_they_are_forgotten_a_day_after_the_last_message(channels: Channels) -> None:
    for name, age in (("late", "1 hour"), ("long ago", "25 hours")):
        channel_id = await channels.add(name)
        await channels.stored.fetch(
            "INSERT INTO team_turns (org_id, channel_id, left_at) SELECT org_id, id,"
            " ARRAY[now() - interval '3 days', now() - $2::text::interval] FROM team_channels WHERE id = $1",
            channel_id, age,
        )  # fmt: skip
    async with channels.work() as work:
        await repository.prune(work.connection)
    left = await channels.stored.fetch("SELECT name FROM team_channels JOIN team_turns ON channel_id = id")
    assert [row["name"] for row in left] == ["late"]
