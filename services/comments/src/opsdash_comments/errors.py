"""What the comments service refuses, in the words of the product; the HTTP org turns these into problems."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.tenancy.errors import (
    FeatureNotAvailable,
    FieldProblem,
    InvalidFields,
    NotVisible,
    Refused,
    RoleTooLow,
)

__all__ = [
    "CommentDeleted",
    "FeatureNotAvailable",
    "FieldProblem",
    "InvalidFields",
    "NotVisible",
    "ParentDeleted",
    "Refused",
    "RoleTooLow",
    "TicketUnsettled",
]


class CommentDeleted(Refused):
    """A tombstone cannot be edited."""


class ParentDeleted(Refused):
    """A deleted comment cannot be replied to."""


class TicketUnsettled(Exception):
    """The replica does not know the ticket as a living one: its owner must be asked before anybody is told so."""

    def __init__(self, org_id: UUID, reference: UUID | int, *, known: bool) -> None:
        super().__init__(reference)
        self.org_id = org_id
        self.reference = reference
        self.known = known
