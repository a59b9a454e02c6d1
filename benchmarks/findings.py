"""What a part of the bench hands back: tables of figures, and what they were wanted to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = str | float | None


@dataclass(frozen=True)
class Table:
    """Rows are as long as `columns`; the note says what the figures are."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Target:
    """One promise and what was measured of it."""

    what: str
    wanted: str
    measured: str
    held: bool

    @classmethod
    def at_least(cls, what: str, wanted: float, measured: float, unit: str = "") -> Target:
        return cls(what, f"≥ {wanted:,g}{unit}", f"{measured:,g}{unit}", measured >= wanted)

    @classmethod
    def at_most(cls, what: str, wanted: float, measured: float, unit: str = "") -> Target:
        return cls(what, f"≤ {wanted:,g}{unit}", f"{measured:,g}{unit}", measured <= wanted)


@dataclass
class Findings:
    """Of one part."""

    tables: list[Table] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
