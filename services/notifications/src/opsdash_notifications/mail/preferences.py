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
from opsdash_notifications.mail.quiet_hours import QuietHours
from opsdash_notifications.mail.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class Changes:
    """What is unset stays as it is; quiet hours and muting end with None."""

    turned: Mapping[Reason, bool] = field(default_factory=dict)
    delay_seconds: int | UnsetType = UNSET
    quiet: QuietHours | UnsetType | None = UNSET
    urgent_through: bool | UnsetType = UNSET
    muted_until: datetime | UnsetType | None = UNSET
    language: str | UnsetType = UNSET

    def check(self) -> None:
        """Raises InvalidFields, with everything that is wrong."""
        problems = list(self._problems())
        if problems:
            raise InvalidFields(problems)

    def _problems(self) -> Iterator[FieldProblem]:
        if isinstance(self.quiet, QuietHours):
            yield from _quiet_problems(self.quiet)
        if isinstance(self.language, str) and self.language not in LANGUAGES:
            yield FieldProblem("/language", "not-allowed", f"must be one of {', '.join(LANGUAGES)}")


def _quiet_problems(quiet: QuietHours) -> Iterator[FieldProblem]:
    if quiet.zone not in _zones():
        message = "must be a name of the IANA time zone database, such as Europe/Madrid"
        yield FieldProblem("/quiet_hours/zone", "not-allowed", message)
    if quiet.begins == quiet.ends:
        yield FieldProblem("/quiet_hours/to", "not-allowed", "must differ from the beginning")


@cache
def _zones() -> frozenset[str]:
    """Read from files once; those of the system, or of the package tzdata."""
    return frozenset(available_timezones())
