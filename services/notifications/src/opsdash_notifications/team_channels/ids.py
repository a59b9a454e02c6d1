"""Ids of a query parameter. Pure functions."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from opsdash_notifications.errors import FieldProblem, InvalidFields

MOST_IDS: Final = 100


def read_ids(text: str) -> list[UUID]:
    """Raises InvalidFields."""
    parts = text.split(",")
    if len(parts) > MOST_IDS:
        raise InvalidFields([FieldProblem("/query/id", "too-long", f"may have {MOST_IDS} ids at most")])
    try:
        return [UUID(part) for part in parts]
    except ValueError:
        raise InvalidFields([FieldProblem("/query/id", "uuid", "must be UUIDs with commas between them")]) from None
