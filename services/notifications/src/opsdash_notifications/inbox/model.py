"""The rules of the inbox and of what comes too late. Pure; no clock, no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opsdash_contracts.notices import Reason

KEPT: Final = timedelta(days=90)
#: How old an event may be when it is handled and still be told by mail.
FRESH: Final = timedelta(hours=6)
FRESH_BREACH: Final = timedelta(hours=24)


class RowState(StrEnum):
    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"


def is_too_old(reason: Reason, at: datetime, now: datetime) -> bool:
    """Whether it is too late to tell it by mail."""
    return now - at > (FRESH_BREACH if reason is Reason.SLA_BREACHED else FRESH)


def is_silent(*, replayed: bool, at: datetime, installed_at: datetime) -> bool:
    """Whether an event only builds state: it was sent again, or is older than this service is here."""
    return replayed or at < installed_at
