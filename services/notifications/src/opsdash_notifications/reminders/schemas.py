"""The bodies of reminders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from opsdash_notifications.common_schemas import Body
from opsdash_notifications.reminders.model import LONGEST_NOTE, MOST_OPEN
from opsdash_notifications.reminders.repository import Reminder as StoredReminder

At = Annotated[datetime, Meta(tz=True, description="In the future, at most a year ahead")]
Note = Annotated[str, Meta(max_length=LONGEST_NOTE, description="One line that only its author sees")]


class ReminderTicket(Body):
    """The ticket a reminder is about."""

    id: UUID
    number: int


class Reminder(Body):
    """The caller's own, until it has been told; then it is a row of their inbox."""

    id: UUID
    ticket: ReminderTicket
    at: datetime
    note: str | None
    created_at: datetime
    version: int


class CreateReminder(Body):
    """When to be told of the ticket again, and what to say then."""

    at: At
    note: Note | None = None


class PatchReminder(Body):
    """What is left out stays as it is; null removes the note."""

    at: At | UnsetType = UNSET
    note: Note | UnsetType | None = UNSET


class TicketReminders(Body):
    """The caller's own of one ticket, the next first."""

    items: Annotated[list[Reminder], Meta(max_length=MOST_OPEN)]


class ReminderPage(Body):
    """The caller's own in this org, the next first."""

    items: list[Reminder]
    next_cursor: str | None


def reminder_of(stored: StoredReminder) -> Reminder:
    return Reminder(
        id=stored.id,
        ticket=ReminderTicket(id=stored.ticket_id, number=stored.number),
        at=stored.at,
        note=stored.note,
        created_at=stored.created_at,
        version=stored.version,
    )
