"""What an inbox may be asked for, read from query parameters. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opsdash_contracts.notices import Reason

from opsdash_notifications.errors import FieldProblem, InvalidFields
from opsdash_notifications.inbox.model import RowState

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class RowFilter:
    """None is any."""

    state: RowState | None
    reason: Reason | None


def read_filter(state: str, reason: str | None) -> RowFilter:
    """Raises InvalidFields naming the parameter."""
    if state != ALL and state not in set(RowState):
        raise _not_allowed("state", [*RowState, ALL])
    if reason is not None and reason not in set(Reason):
        raise _not_allowed("reason", list(Reason))
    return RowFilter(None if state == ALL else RowState(state), None if reason is None else Reason(reason))


def _not_allowed(name: str, allowed: list[str]) -> InvalidFields:
    return InvalidFields([FieldProblem(f"/query/{name}", "not-allowed", f"must be one of {', '.join(allowed)}")])
