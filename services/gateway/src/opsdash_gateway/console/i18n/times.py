"""Moments in words, in the styles that the scripts use too: a page reads the same before and after they run."""

from __future__ import annotations

from datetime import UTC, datetime

from babel import Locale
from babel.dates import format_skeleton, format_time, format_timedelta
from opsdash_contracts.ticket_rules import DUE_SOON, FINISHED

SLA_SOON_SECONDS = DUE_SOON.total_seconds()
_THRESHOLD = 1.0


def relative(moment: datetime, locale: Locale, *, short: bool = False) -> str:
    """`in 2 days`, `3 hours ago`."""
    return format_timedelta(
        moment - datetime.now(UTC),
        add_direction=True,
        threshold=_THRESHOLD,
        granularity="minute",
        format="short" if short else "long",
        locale=locale,
    )


def span_since(moment: datetime, locale: Locale) -> str:
    """How long ago, without a direction: `3 hr`."""
    passed = datetime.now(UTC) - moment
    return format_timedelta(passed, threshold=_THRESHOLD, granularity="minute", format="short", locale=locale)


def day(moment: datetime, locale: Locale) -> str:
    """`Nov 23`."""
    return format_skeleton("MMMd", moment, locale=locale)


def exact(moment: datetime, locale: Locale) -> str:
    """Day and time with its zone, which is UTC: the server does not know where the reader is; scripts do."""
    date = format_skeleton("yMMMd", moment, locale=locale)
    return f"{date}, {format_time(moment.astimezone(UTC), 'short', locale=locale)} UTC"


def sla_tone(due_at: datetime | None, status: str) -> str:
    """How a due time is shown: `done`, `none`, `breached`, `soon` (see `DUE_SOON`) or `calm`."""
    if status in FINISHED:
        return "done"
    if due_at is None:
        return "none"
    left = (due_at - datetime.now(UTC)).total_seconds()
    if left < 0:
        return "breached"
    return "soon" if left < SLA_SOON_SECONDS else "calm"
