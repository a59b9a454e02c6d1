"""What the notifications service refuses; `problems.py` turns these into answers."""

from __future__ import annotations

from uuid import UUID

from opsdash_tenancy.errors import DomainError, FieldProblem, InvalidFields, NotFound

__all__ = ["FieldProblem", "InvalidFields", "NotFound", "TicketUnknown", "TooManyReminders", "TooManyWatchers"]


class TooManyWatchers(DomainError):
    """As many people watch the ticket as may."""


class TooManyReminders(DomainError):
    """The person has as many reminders in the org as may be."""


class TicketUnknown(Exception):
    """No event has told of the ticket: the tickets service is asked first."""

    def __init__(self, org_id: UUID, reference: UUID | int) -> None:
        super().__init__(reference)
        self.org_id = org_id
        self.reference = reference
