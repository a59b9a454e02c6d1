"""SQL conditions on tickets."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from opsdash_contracts import ticket_rules


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """`column IN (…)`, for a column that holds an enumeration."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"


ACTIVE = one_of("t.status", ticket_rules.ACTIVE)
#: The one breach predicate: list filter, card, CSV and counts all use this text. Due exactly now is not a breach.
BREACHED = f"(t.sla_due_at < now() AND {ACTIVE})"
#: The list filter and the count of the dashboard.
DUE_SOON = (
    f"(t.sla_due_at >= now() AND t.sla_due_at < now() + interval '{ticket_rules.DUE_SOON.total_seconds():.0f} seconds'"
    f" AND {ACTIVE})"
)
