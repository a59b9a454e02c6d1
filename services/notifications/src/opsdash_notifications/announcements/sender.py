"""Lets messages leave to team channels, side by side: a chat that does not answer keeps no other waiting.

A message is recorded after the chat has taken it. A process that is killed in between has it sent again, under the same
id of its notice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import worker_unit_of_work
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.notices import Reason

from opsdash_notifications.announcements import metrics, repository, service
from opsdash_notifications.announcements.repository import Message, Org
from opsdash_notifications.announcements.service import Leaving
from opsdash_notifications.chat import text
from opsdash_notifications.chat.answers import ChatFailed
from opsdash_notifications.chat.client import AT_ONCE
from opsdash_notifications.chat.text import Entry
from opsdash_notifications.errors import ChannelsNotSetUp
from opsdash_notifications.mail.links import TicketLinks
from opsdash_notifications.team_channels.setup import ChannelSetup

log = structlog.get_logger(__name__)

AFTER_MESSAGE_BEFORE_RECORD: Final = "after_message_before_record"
#: Of the messages that are under way at the same time, those to chats that failed the last time.
FAILING_AT_ONCE: Final = AT_ONCE // 2


@dataclass(frozen=True, slots=True)
class Sender:
    """One for a process."""

    setup: ChannelSetup
    links: TicketLinks
    crash_points: CrashPoints
    _under_way: dict[asyncio.Task[None], bool] = field(default_factory=dict)

    async def run(self, database: Database) -> None:
        """Begin with all that is due and has room; what is under way is not waited for."""
        while len(self._under_way) < AT_ONCE:
            failing_too = sum(self._under_way.values()) < FAILING_AT_ONCE
            async with database.worker_transaction() as connection:
                if not await repository.is_due(connection, failing_too=failing_too):
                    return
            async with worker_unit_of_work(database) as work:
                departure = await service.depart(work, failing_too=failing_too)
            if departure is None:
                return
            if departure.leaving is not None:
                self._begin(database, departure.leaving)

    async def finish(self) -> int:
        """Until what is under way has ended; how much that was."""
        ended = 0
        while self._under_way:
            done, _ = await asyncio.wait(self._under_way)
            ended += len(done)
        return ended

    async def stop(self) -> None:
        """What is under way is given up; another process sends it when its lease has ended."""
        for task in self._under_way:
            task.cancel()
        await self.finish()

    def _begin(self, database: Database, leaving: Leaving) -> None:
        task = asyncio.create_task(self._send(database, leaving), name=f"team-message-{leaving.channel.id}")
        self._under_way[task] = leaving.channel.failures > 0
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease brings the message back.
            say = log.warning if isinstance(error, Unavailable) else log.error
            say("team_message_unrecorded", task=task.get_name(), reason=type(error).__name__)

    async def _send(self, database: Database, leaving: Leaving) -> None:
        channel, failure = leaving.channel, None
        try:
            address = self.setup.decrypt(channel.address, channel.id)
            await self.setup.chat.send(address, self._lines(leaving), notice=str(leaving.messages[0].notice_id))
        except ChannelsNotSetUp:
            async with worker_unit_of_work(database) as work:
                await service.put_off(work, leaving)
            return
        except ChatFailed as error:
            failure = error
            log.warning("team_message_failed", channel_id=str(channel.id), outcome=error.failure, status=error.status)
        metrics.MESSAGES.labels(channel.scheme, "sent" if failure is None else failure.failure).inc()
        self.crash_points.reached(AFTER_MESSAGE_BEFORE_RECORD)
        await self._record(database, leaving, failure)

    async def _record(self, database: Database, leaving: Leaving, failure: ChatFailed | None) -> None:
        if failure is not None:
            async with worker_unit_of_work(database) as work:
                await service.record_failure(work, leaving, failure)
            return
        *parts, last = leaving.parts()
        for part in parts:
            async with worker_unit_of_work(database) as work:
                await service.record_part(work, part)
        async with worker_unit_of_work(database) as work:
            await service.record_sent(work, last)

    def _lines(self, leaving: Leaving) -> list[str]:
        org = leaving.org
        entries = [self._entry(org, message) for message in leaving.messages]
        return text.lines(entries, org.name, self.links.org(org.slug, org.language), org.language)

    def _entry(self, org: Org, message: Message) -> Entry:
        slug, language, number = org.slug, org.language, message.number
        url = self.links.org(slug, language) if number is None else self.links.ticket(slug, number, language)
        return Entry(Reason(message.reason), message.actor, number, message.title, url)
