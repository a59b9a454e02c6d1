"""What the tickets service refuses, in the words of the product; the HTTP edge turns these into problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash_contracts.tickets import Status
from opsdash_contracts.workspace import Plate


class Refused(Exception):
    """Base of every refusal."""


class NotVisible(Refused):
    """Unknown, foreign or deleted: the caller must not learn which."""


class FeatureNotAvailable(Refused):
    """The org's plate has no support."""

    def __init__(self, plate: Plate) -> None:
        super().__init__(plate)
        self.plate = plate


class RoleTooLow(Refused):
    """The caller sees the object but may not do this."""


@dataclass(frozen=True)
class FieldProblem:
    """`pointer` is a JSON pointer into the request body, or /query/<name>."""

    pointer: str
    code: str
    message: str


class InvalidFields(Refused):
    """Values of the request are wrong, each with its pointer."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(", ".join(problem.pointer for problem in problems))
        self.problems = list(problems)


class InvalidTransition(Refused):
    """The status cannot follow the present one."""

    def __init__(self, status: Status, allowed: Sequence[Status]) -> None:
        super().__init__(status)
        self.status = status
        self.allowed = list(allowed)


class PlanLimitReached(Refused):
    """The org has as many living tickets as its plate allows."""

    def __init__(self, plate: Plate, *, limit: int, used: int) -> None:
        super().__init__(plate)
        self.plate = plate
        self.limit = limit
        self.used = used


class StaleVersion(Refused):
    """If-Match named a version that is no longer the current one."""

    def __init__(self, current: int) -> None:
        super().__init__(current)
        self.current = current
