"""Moments as a field of a form has them: what the reader's clock shows, without its zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from opsdash_chassis.text.moments import UTC_ZONE, time_zones

#: The first parts of zone names that are places; the others are old names and offsets.
CONTINENTS: Final = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip


def local_text(moment: datetime, zone: str) -> str:
    """As `datetime-local` has it, to the minute. Without a zone it is UTC."""
    return moment.astimezone(ZoneInfo(zone or UTC_ZONE)).strftime("%Y-%m-%dT%H:%M")


def moment_of(text: str, zone: str) -> datetime:
    """In UTC; an hour that comes twice is the first. Raises ValueError for what is no local date and time."""
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError("has a zone")
    try:
        return local.replace(tzinfo=ZoneInfo(zone or UTC_ZONE)).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def is_moment(text: str, zone: str) -> bool:
    try:
        moment_of(text, zone)
    except ValueError:
        return False
    return True


def zones_by_continent() -> dict[str, list[tuple[str, str]]]:
    """Name and place of every zone that is called after a place: `America/New_York` is `New York`."""
    found: dict[str, list[tuple[str, str]]] = {continent: [] for continent in CONTINENTS}
    for name in sorted(time_zones()):
        continent, _, place = name.partition("/")
        if place and continent in found:
            found[continent].append((name, place.replace("_", " ")))
    return found
