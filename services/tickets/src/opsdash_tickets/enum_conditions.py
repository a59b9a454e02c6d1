"""SQL conditions on columns that hold enumerations."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """`column IN (…)`."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"
