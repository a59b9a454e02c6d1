"""Consumers and senders at the same time: no message is stranded, nobody waits in a circle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Reason
from opsdash_notifications.announcements import service
from opsdash_notifications.announcements.service import Leaving
from opsdash_notifications.chat.answers import ChatFailed, Failure
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.recipients.model import Occasion
from opsdash_notifications.team_channels.announcing import announce

from services.notifications.tests.announcements.conftest import Channels
from services.notifications.tests.mail.conftest import JONAS, MAYA, ORG
from tests.support.measurements import eventually

TICKET = UUID(int=42)
_WAITING = """
SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


async def leaving(channels: Channels) -> Leaving:
    """The one message that has begun to leave."""
    async with channels.work() as work:
        departure = await service.depart(work, failing_too=True)
    assert departure is not None
    assert departure.leaving is not None
    return departure.leaving


def source() -> Source:
    return Source(ORG, uuid4(), datetime.now(UTC), TICKET, 42)


async def record(channels: Channels, left: Leaving, failure: Failure | None) -> None:
    async with channels.work() as work:
        if failure is None:
            await service.record_sent(work, left)
        else:
            await service.record_failure(work, left, ChatFailed(failure, "no"))


async def until_it_waits(channels: Channels) -> None:
    """Until a connection waits for a row that another has locked."""
    await eventually(lambda: channels.stored.fetch(_WAITING), bool)


@pytest.mark.parametrize("failure", [None, Failure.REFUSED, Failure.UNREACHABLE])
async def test_a_message_that_comes_while_another_is_recorded_is_not_stranded(
    channels: Channels, failure: Failure | None
) -> None:
    await channels.add("one")
    await channels.event()
    left = await leaving(channels)
    async with channels.work() as consumer:
        await announce(consumer, source(), [Reason.COMMENTED], JONAS)
        recording = asyncio.create_task(record(channels, left, failure))
        await until_it_waits(channels)
    await recording
    (turn,) = await channels.stored.fetch("SELECT due_at FROM team_turns")
    assert (turn["due_at"] is not None, await channels.waiting() > 0) == (True, True)


async def test_telling_and_recording_do_not_wait_for_each_other(channels: Channels) -> None:
    """Both need the turn of the channel and the counter of the ticket."""
    await channels.add("one")
    await channels.event()
    left = await leaving(channels)

    async def told(work: UnitOfWork) -> None:
        await notify(work, source(), Occasion((Reason.ASSIGNED,), actor_id=JONAS, assignee_id=MAYA), replayed=False)

    async with channels.work() as consumer:
        await announce(consumer, source(), [Reason.COMMENTED], JONAS)
        recording = asyncio.create_task(record(channels, left, None))
        await until_it_waits(channels)
        await told(consumer)
    await recording
    assert await channels.outcomes() == [("notice.sent", None)]
