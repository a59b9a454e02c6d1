"""Applies the messages of one topic: each event once, in one transaction with its inbox row.

What has been fetched behind a message is applied with it: most of what an event costs is its transaction.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

import structlog
from opsdash_contracts.envelope import Event, EventData, UnknownEventType

from opsdash_chassis import crash_points
from opsdash_chassis.consuming import inbox
from opsdash_chassis.consuming.faststream_adapter import ConsumedRecord
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.kafka.undecodable_headers import decode_record
from opsdash_chassis.observability import metrics
from opsdash_chassis.observability.tracing import ActiveTrace, consuming

log = structlog.get_logger(__name__)

Data = TypeVar("Data", bound=EventData)

MOST_AT_ONCE = 50  # a transaction of that many holds its locks for some tens of milliseconds


class Message(Protocol):
    """A record, or a dead letter, as it came."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedEvent(Generic[Data]):
    """An event and the message that brought it; the same event in another message is another one."""

    event: Event[Data]
    topic: str
    message: Message

    def span(self) -> ActiveTrace:
        """What happens in the block belongs to the trace of the event."""
        return consuming(self.topic, self.message.headers)


#: A handler applies one event inside an open unit of work; the caller commits.
Handler: TypeAlias = Callable[[UnitOfWork, Event[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BatchHandler:
    """A handler of a batch of events, in their order, so that a few statements do for all of them."""

    apply: Callable[[UnitOfWork, Sequence[ReceivedEvent[Any]]], Awaitable[None]]


class TopicConsumer:
    """Decodes one topic's messages and applies their events."""

    def __init__(
        self,
        *,
        service: str,
        topic: str,
        handlers: Mapping[str, Handler | BatchHandler],
        database: Database,
        armed: str | None = None,
    ) -> None:
        self.service = service
        self.topic = topic
        self.group = f"{service}.{topic}"
        self._handlers = handlers
        self._database = database
        self._crash_points = CrashPoints(armed)
        self._one_by_one = 0

    async def handle(self, consumed: ConsumedRecord) -> None:
        """Raises InvalidMessage for what can never be applied, Unavailable while the database is away."""
        if not await self._handle_with_what_waits(consumed):
            await self._apply_and_count([consumed.record])
        self._crash_points.reached(crash_points.AFTER_EFFECT_BEFORE_COMMIT_OFFSET)

    async def apply(self, messages: Sequence[Message]) -> list[str]:
        """Apply all or nothing, and name the outcomes: applied, duplicate, ignored or unknown-type.

        Raises InvalidMessage, Unavailable, or what a handler raises.
        """
        arrived = [self._arrived(message) for message in messages]
        received = [item for item in arrived if isinstance(item, ReceivedEvent)]
        new = set(await self._apply_new(received)) if received else set()
        return [item if isinstance(item, str) else "applied" if item in new else "duplicate" for item in arrived]

    async def _handle_with_what_waits(self, consumed: ConsumedRecord) -> bool:
        """False when nothing waits, or when one of them cannot be applied; which one shows when each comes alone."""
        if self._one_by_one:
            self._one_by_one -= 1
            return False
        behind = await consumed.source.waiting(MOST_AT_ONCE - 1)
        if not behind:
            return False
        try:
            await self._apply_and_count([consumed.record, *behind])
        except Exception as error:  # noqa: BLE001 - it comes again, and is dealt with then
            log.info("batch_taken_apart", topic=self.topic, messages=len(behind) + 1, reason=type(error).__name__)
            self._one_by_one = len(behind) + 1
            consumed.source.rewind(behind)
            return False
        await consumed.source.handled(behind)
        return True

    async def _apply_and_count(self, messages: Sequence[Message]) -> None:
        started, outcomes = time.perf_counter(), list[str]()
        try:
            outcomes = await self.apply(messages)
        finally:
            seconds = (time.perf_counter() - started) / len(messages)
            for _ in messages:
                metrics.HANDLER_SECONDS.labels(self.topic).observe(seconds)
        for outcome in outcomes:
            metrics.CONSUMED.labels(self.topic, outcome).inc()

    def _arrived(self, message: Message) -> ReceivedEvent[Any] | str:
        """What is to be handled, or the outcome of what is not."""
        try:
            event = decode_record(message.headers, message.key, message.value)
        except UnknownEventType as unknown:
            log.info("event_type_unknown", topic=self.topic, reason=str(unknown))
            return "unknown-type"
        return ReceivedEvent(event, self.topic, message) if event.envelope.type in self._handlers else "ignored"

    async def _apply_new(self, received: Sequence[ReceivedEvent[Any]]) -> list[ReceivedEvent[Any]]:
        """Apply those that are here for the first time, in one transaction, and tell which they were."""
        contents = [(item.event.envelope.id, item.message.value or b"") for item in received]
        async with self._database.worker_transaction() as connection:
            first = await inbox.first_deliveries(connection, consumer=self.group, events=contents)
            if first.now is None:
                return []
            new = _first_of_each(received, first.event_ids)
            work = UnitOfWork(connection, first.now)
            for handler, run in groupby(new, key=lambda item: self._handlers[item.event.envelope.type]):
                await _run_handler(work, handler, list(run))
            return new


async def _run_handler(work: UnitOfWork, handler: Handler | BatchHandler, run: Sequence[ReceivedEvent[Any]]) -> None:
    if isinstance(handler, BatchHandler):
        await handler.apply(work, run)
        return
    for item in run:
        with item.span():
            await handler(work, item.event)


def _first_of_each(received: Sequence[ReceivedEvent[Any]], event_ids: set[UUID]) -> list[ReceivedEvent[Any]]:
    """Those with these ids, each once though it may be here twice.

    In the order of the keys: transactions that lock the same rows then lock them in the same order.
    """
    found: dict[UUID, ReceivedEvent[Any]] = {}
    for item in sorted(received, key=lambda item: item.message.key or b""):
        if item.event.envelope.id in event_ids:
            found.setdefault(item.event.envelope.id, item)
    return list(found.values())
