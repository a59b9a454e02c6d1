"""Event handlers: what a service gives for a topic, and what it is given for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from opsdash_contracts.envelope import Event, EventData

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.observability.tracing import ActiveTrace, consuming

Data = TypeVar("Data", bound=EventData)


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


@dataclass(frozen=True, slots=True)
class NewEvents:
    """Events that this consumer has not applied before, and the open unit of work to apply them in."""

    work: UnitOfWork
    events: Sequence[ReceivedEvent[Any]]


@dataclass(frozen=True, slots=True)
class EventHandlers:
    """The handlers of one topic by event type; an event of another type is ignored."""

    by_type: Mapping[str, Handler | BatchHandler]

    async def apply(self, new: NewEvents) -> None:
        """Apply the events in their order; those of one batch handler that lie together in one call."""
        for handler, run in groupby(new.events, key=lambda item: self.by_type[item.event.envelope.type]):
            await _run(handler, new.work, list(run))


async def _run(handler: Handler | BatchHandler, work: UnitOfWork, run: Sequence[ReceivedEvent[Any]]) -> None:
    if isinstance(handler, BatchHandler):
        await handler.apply(work, run)
        return
    for item in run:
        with item.span():
            await handler(work, item.event)
