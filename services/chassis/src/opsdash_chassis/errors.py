"""Errors that cross layers: what routes and commands turn into answers and exit codes."""

from __future__ import annotations

EXIT_NEWER_DATABASE = 4


class Unavailable(Exception):
    """A dependency is away or overloaded; the same call may succeed later (HTTP 503 with Retry-After)."""

    code = "unavailable"

    def __init__(self, detail: str, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class StorageUnwritable(Unavailable):
    """The database is full or read-only; reading still works."""

    code = "storage"


class ComesLater(Unavailable):
    """What an event needs comes by another topic and is on its way: the event waits for it, and nothing is wrong."""


class StartupError(Exception):
    """The process cannot start and says why in one line; exit code 3."""


class NewerDatabase(Exception):
    """A newer version has migrated the database; exit code 4 of the migrate job."""


class KeyReused(Exception):
    """The idempotency key was used for another request before."""


class StillRunning(Exception):
    """The first request with this key has not finished."""
