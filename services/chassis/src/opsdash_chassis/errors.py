"""Errors that cross layers: what the edges turn into answers and exit codes."""

from __future__ import annotations


class Unavailable(Exception):
    """A dependency is away or overloaded; the same call may succeed later (HTTP 503 with Retry-After)."""

    code = "unavailable"

    def __init__(self, detail: str, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class StorageFull(Unavailable):
    """The database cannot store more; reading still works."""

    code = "storage"


class StartupError(Exception):
    """The process cannot start and says why in one line; exit code 3."""
