"""A ticket as this service knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Thread:
    """What is known of a ticket, and how far its comments have come."""

    org_id: UUID
    ticket_id: UUID
    not_deleted: bool
    last_sequence: int
    last_comment_at: datetime | None

    @property
    def next_sequence(self) -> int:
        """The place of the next change among all of the ticket's comments."""
        return self.last_sequence + 1


@dataclass(frozen=True, slots=True)
class TicketSnapshot:
    """A ticket at one of its versions."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None
