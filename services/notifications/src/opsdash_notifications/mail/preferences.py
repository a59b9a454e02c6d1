"""A change of what a person says about their mails, checked. Pure functions over plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from msgspec import UNSET, UnsetType
from opsdash_contracts.notices import Reason

from opsdash_notifications.errors import FieldProblem, InvalidFields
from opsdash_notifications.languages import LANGUAGES
from opsdash_notifications.mail.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True)
class Changes:
    """What is unset stays as it is; quiet hours, muting, the digest and the choice of a language end with None."""

    turned: Mapping[Reason, bool] = field(default_factory=dict)
    delay_seconds: int | UnsetType = UNSET
    quiet: QuietHours | UnsetType | None = UNSET
    urgent_through: bool | UnsetType = UNSET
    muted_until: datetime | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    digest_hour: int | UnsetType | None = UNSET
    digest_zone: str | UnsetType = UNSET

    def check(self) -> None:
        """Raises InvalidFields, with everything that is wrong."""
        problems = list(self._problems())
        if problems:
            raise InvalidFields(problems)

    def _problems(self) -> Iterator[FieldProblem]:
        if isinstance(self.quiet, QuietHours):
            yield from _quiet_problems(self.quiet)
        if isinstance(self.digest_zone, str):
            yield from _zone_problems("/digest_zone", self.digest_zone)
        if isinstance(self.language, str) and self.language not in LANGUAGES:
            yield FieldProblem("/language", "not-allowed", f"must be one of {', '.join(LANGUAGES)}")


def _quiet_problems(quiet: QuietHours) -> Iterator[FieldProblem]:
    yield from _zone_problems("/quiet_hours/zone", quiet.zone)
    if quiet.begins == quiet.ends:
        yield FieldProblem("/quiet_hours/to", "not-allowed", "must differ from the beginning")


def _zone_problems(pointer: str, zone: str) -> Iterator[FieldProblem]:
    if zone not in _zones():
        message = "must be a name of the IANA time zone database, such as Europe/Madrid"
        yield FieldProblem(pointer, "not-allowed", message)


@cache
def _zones() -> frozenset[str]:
    """Read from files once; those of the system, or of the package tzdata."""
    return frozenset(available_timezones())
