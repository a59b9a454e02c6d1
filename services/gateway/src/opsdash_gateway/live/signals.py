"""What an event of the services says on the live stream: that something changed and where, never any text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from opsdash_contracts import notices, sla, tickets
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import Channel, Notice
from opsdash_contracts.sla import SlaEvent
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.usage import UsageNotice
from opsdash_contracts.workspace import Org

#: A change of these moves a ticket from one view or number to another.
COUNTED: Final = frozenset({"status", "priority", "assignee_id", "sla_due_at"})
_COUNTED_KINDS: Final = frozenset({tickets.CREATED, tickets.DELETED, tickets.RESTORED, sla.WARNING, sla.BREACHED})


@dataclass(frozen=True, slots=True)
class Signal:
    """One message of the stream, as it is written, but for its id."""

    event: str
    data: bytes

    @classmethod
    def of(cls, event: str, **values: Any) -> Signal:
        return cls(event, msgspec.json.encode(values))

    def written(self, event_id: str | None = None) -> bytes:
        """In the format of HTML, 9.2.5 "Parsing an event stream"."""
        head = b"" if event_id is None else b"id: %b\n" % event_id.encode()
        return head + b"event: %b\ndata: %b\n\n" % (self.event.encode(), self.data)


COUNTS: Final = Signal.of("counts")
RESYNC: Final = Signal.of("resync")


def told_in_inbox(event: Event[Any]) -> UUID | None:
    """Whose inbox has just got something; that is for their own streams only."""
    if isinstance(event.data, Notice) and event.envelope.type == notices.SENT and event.data.channel is Channel.INBOX:
        return event.data.recipient_id
    return None


def signals_of(event: Event[Any]) -> Iterator[Signal]:
    """The signals for one event; COUNTS among them when numbers of the org may have changed."""
    describe = next((describe for kind, describe in _DESCRIBED.items() if isinstance(event.data, kind)), None)
    if describe is not None:
        yield describe(event)
    if _changes_counts(event):
        yield COUNTS


def _ticket(event: Event[TicketEvent]) -> Signal:
    ticket = event.data
    return Signal.of(
        "ticket",
        id=ticket.ticket_id,
        number=ticket.number,
        kind=_kind(event),
        version=ticket.version,
        changed=sorted(ticket.changes),
        by=event.envelope.actor_id,
    )


def _comment(event: Event[CommentEvent]) -> Signal:
    comment = event.data
    return Signal.of(
        "comment",
        ticket=comment.ticket_id,
        id=comment.comment_id,
        kind=_kind(event),
        version=comment.version,
        by=event.envelope.actor_id,
    )


def _sla(event: Event[SlaEvent]) -> Signal:
    due = event.data
    return Signal.of("sla", ticket=due.ticket_id, number=due.number, kind=_kind(event), due_at=due.due_at)


_DESCRIBED: Final[dict[type, Callable[[Any], Signal]]] = {
    TicketEvent: _ticket,
    CommentEvent: _comment,
    SlaEvent: _sla,
}


def _kind(event: Event[Any]) -> str:
    return event.envelope.type.rpartition(".")[2]


def _changes_counts(event: Event[Any]) -> bool:
    if isinstance(event.data, Org | UsageNotice) or event.envelope.type in _COUNTED_KINDS:
        return True
    return isinstance(event.data, TicketEvent) and not COUNTED.isdisjoint(event.data.changes)
