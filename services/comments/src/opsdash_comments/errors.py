"""What the comments service refuses, in the words of the product; the HTTP org turns these into problems."""

from __future__ import annotations

from uuid import UUID

from opsdash_tenancy.errors import (
    DomainError,
    FeatureNotAvailable,
    FieldProblem,
    Forbidden,
    InvalidFields,
    NotFound,
)

__all__ = [
    "CommentDeleted",
    "DomainError",
    "FeatureNotAvailable",
    "FieldProblem",
    "Forbidden",
    "InvalidFields",
    "NotFound",
    "ParentDeleted",
    "TicketUnknown",
]


class CommentDeleted(DomainError):
    """A tombstone cannot be edited."""


class ParentDeleted(DomainError):
    """A deleted comment cannot be replied to."""


class TicketUnknown(Exception):
    """The replica does not know the ticket as a living one: the tickets service is asked first."""

    def __init__(self, org_id: UUID, reference: UUID | int, *, known: bool) -> None:
        super().__init__(reference)
        self.org_id = org_id
        self.reference = reference
        self.known = known
