"""A breach that may last. Pure; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from opsdash_notifications.ledger.model import Source


@dataclass(frozen=True, slots=True)
class LastingBreach:
    """A ticket whose due time has passed; `due_at` is when owners and admins are to be told of it."""

    org_id: UUID
    ticket_id: UUID
    number: int
    event_id: UUID
    due_at: datetime

    def source(self) -> Source:
        """What is told: its id follows from the breach, so it is told once."""
        identity = uuid5(self.event_id, "escalated")
        return Source(self.org_id, identity, self.due_at, self.ticket_id, self.number)
