"""The rules of the inbox and of what is told silently. Pure; no clock, no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

KEPT: Final = timedelta(days=90)


class RowState(StrEnum):
    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"


def is_silent(*, replayed: bool, at: datetime, installed_at: datetime) -> bool:
    """Whether an event only builds state: it was sent again, or is older than this service is here."""
    return replayed or at < installed_at
