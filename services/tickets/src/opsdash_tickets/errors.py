"""What the tickets service refuses, in the words of the product; the HTTP org turns these into problems."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_contracts.tickets import Status
from opsdash_contracts.workspace import Plate
from opsdash_tenancy.errors import (
    DomainError,
    FeatureNotAvailable,
    FieldProblem,
    Forbidden,
    InvalidFields,
    NotFound,
)

__all__ = [
    "DomainError",
    "FeatureNotAvailable",
    "FieldProblem",
    "Forbidden",
    "InvalidFields",
    "InvalidTransition",
    "NotFound",
    "PlateLimitReached",
    "TicketFinished",
]


class InvalidTransition(DomainError):
    """The status cannot follow the present one."""

    def __init__(self, status: Status, allowed: Sequence[Status]) -> None:
        super().__init__(status)
        self.status = status
        self.allowed = list(allowed)


class TicketFinished(DomainError):
    """The due time of a resolved or closed ticket stays as it is until the ticket is opened again."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class PlateLimitReached(DomainError):
    """The org has as many living tickets as its plate allows."""

    def __init__(self, plate: Plate, *, limit: int, used: int) -> None:
        super().__init__(plate)
        self.plate = plate
        self.limit = limit
        self.used = used
