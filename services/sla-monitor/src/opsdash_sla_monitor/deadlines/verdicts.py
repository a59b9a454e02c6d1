"""The answers of the tickets service about a ticket that is due."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The tickets service's answer about a ticket, its due time and its org; `None` stands for no answer."""

    OVERDUE = "overdue"
    OPEN = "open"
    FINISHED = "finished"
    DELETED = "deleted"
    MOVED = "moved"
    NO_SUPPORT = "no_support"
    BUSY = "busy"
    UNKNOWN = "unknown"
