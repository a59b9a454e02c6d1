"""One topic as a service consumes it: its handlers, and the state of its subscriber in this process."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash_chassis.consuming.budget import DeadLetterBudget
from opsdash_chassis.consuming.dead_letters import DeadLetterPublisher
from opsdash_chassis.consuming.handler import BatchHandler, EventHandlers, Handler
from opsdash_chassis.consuming.offsets import HandledOffsets
from opsdash_chassis.consuming.progress import ConsumerProgress
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database


class Subscription:
    """A service's subscription to one topic; `group` is its consumer group, which the inbox remembers events for."""

    def __init__(
        self,
        *,
        service: str,
        topic: str,
        handlers: Mapping[str, Handler | BatchHandler],
        database: Database,
        dead_letters: DeadLetterPublisher,
        armed: str | None = None,
    ) -> None:
        self.service = service
        self.topic = topic
        self.group = f"{service}.{topic}"
        self.handlers = EventHandlers(handlers)
        self.database = database
        self.dead_letters = dead_letters
        self.crash_points = CrashPoints(armed)
        self.budget = DeadLetterBudget()
        self.progress = ConsumerProgress(topic)
        self.offsets = HandledOffsets(self.progress.passed)

    def unreadable(self, partition: int, offset: int, error: Exception) -> None:
        """The client cannot read on in the partition: it waits there until somebody has mended or skipped that."""
        self.progress.hold(f"cannot be read: {error!r}", partition=partition, offset=offset)
