"""Records of the database as typed rows: made by position, which costs least, once the names of the columns agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from opsdash_chassis.database.pools import Record

Made = TypeVar("Made")


def to_rows(kind: type[Made], records: Sequence[Record], *, skip: int = 0) -> list[Made]:
    """One `kind`, a `Row` or a dataclass, for each record of a statement; the first `skip` columns are left out.

    Raises TypeError when the columns are not the fields of `kind` by name, in their order.
    """
    if not records:
        return []
    _check_columns(kind, tuple(records[0].keys())[skip:])
    if skip:
        return [kind(*record[skip:]) for record in records]
    return [kind(*record) for record in records]


def to_row(kind: type[Made], record: Record | None) -> Made | None:
    """The same for a statement that finds one row or none."""
    return None if record is None else to_rows(kind, [record])[0]


def to_only_row(kind: type[Made], record: Record | None) -> Made:
    """The same for a statement that always answers one row."""
    if record is None:
        raise RuntimeError(f"a statement that always answers one {kind.__name__} has answered none")
    return to_rows(kind, [record])[0]


def _check_columns(kind: type[object], columns: tuple[str, ...]) -> None:
    fields: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined] # structs and dataclasses have it
    if columns != fields:
        raise TypeError(f"{kind.__name__} has the fields {fields}, and its statement the columns {columns}")
