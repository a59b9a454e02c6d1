"""What a service refuses because of org, plate, role, values or version; `problems.py` turns these into answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsdash_contracts.workspace import Plate


class DomainError(Exception):
    """Base of every error of the domain."""


class NotFound(DomainError):
    """Unknown, foreign or deleted: the caller must not learn which."""


class FeatureNotAvailable(DomainError):
    """The org's plate does not have the feature; `plates` have it."""

    def __init__(self, plate: Plate, plates: Sequence[Plate]) -> None:
        super().__init__(plate)
        self.plate = plate
        self.plates = list(plates)


class Forbidden(DomainError):
    """The caller sees the object but may not do this."""


@dataclass(frozen=True)
class FieldProblem:
    """`pointer` is a JSON pointer into the request body, or /query/<name>."""

    pointer: str
    code: str
    message: str


class InvalidFields(DomainError):
    """Values of the request are wrong, each with its pointer."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(", ".join(problem.pointer for problem in problems))
        self.problems = list(problems)


class StaleVersion(DomainError):
    """If-Match named a version that is no longer the current one."""

    def __init__(self, current: int) -> None:
        super().__init__(current)
        self.current = current
