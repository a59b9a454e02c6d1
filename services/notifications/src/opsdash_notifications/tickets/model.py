"""A ticket as this service knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """A ticket at one of its versions. `created_by` and what follows `purged_at` are None where the tickets service was
    asked: it tells neither people nor what the ticket is like.
    """

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    created_by: UUID | None
    assignee_id: UUID | None
    deleted_at: datetime | None
    purged_at: datetime | None
    title: str | None = None
    priority: str | None = None
    category: str | None = None
