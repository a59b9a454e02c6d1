"""Records become rows by position, and only where the names agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opsdash_chassis.database.records import to_only_row, to_row, to_rows
from opsdash_chassis.database.row import Row


class Named(Row, frozen=True):
    number: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    number: int
    name: str | None


class Record:
    """What is used of asyncpg's: values in the order of the columns, and the names of these."""

    def __init__(self, **columns: object) -> None:
        self._columns = columns

    def keys(self) -> Iterator[str]:
        return iter(self._columns)

    def __iter__(self) -> Iterator[object]:
        return iter(self._columns.values())

    def __getitem__(self, place: slice) -> tuple[object, ...]:
        return tuple(self._columns.values())[place]


@pytest.mark.parametrize("kind", [Named, Counted])
class TestRows:
    def test_are_made_of_every_record(self, kind: Any):
        records: Any = [Record(number=1, name="a"), Record(number=2, name=None)]
        assert to_rows(kind, records) == [kind(1, "a"), kind(2, None)]
        assert to_rows(kind, []) == []

    def test_leave_out_what_stands_before_them(self, kind: Any):
        records: Any = [Record(org=9, role="x", number=1, name="a")]
        assert to_rows(kind, records, skip=2) == [kind(1, "a")]

    @pytest.mark.parametrize(
        "columns",
        [{"name": "a", "number": 1}, {"number": 1}, {"number": 1, "title": "a"}, {"number": 1, "name": 1, "x": 1}],
    )
    def test_are_not_made_of_columns_with_other_names_or_in_another_order(self, kind: Any, columns: Any):
        record: Any = Record(**columns)
        with pytest.raises(TypeError, match=rf"{kind.__name__} has the fields \('number', 'name'\)"):
            to_rows(kind, [record])

    def test_of_one_record_or_none(self, kind: Any):
        record: Any = Record(number=1, name="a")
        assert to_row(kind, record) == kind(1, "a") == to_only_row(kind, record)
        assert to_row(kind, None) is None
        with pytest.raises(RuntimeError, match=kind.__name__):
            to_only_row(kind, None)
