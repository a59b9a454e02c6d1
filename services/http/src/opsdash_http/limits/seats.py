"""How many of one thing may go on at the same time, for each key on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from opsdash_http.errors.problems import too_many_requests


class Seats:
    """At most so many for each key; whoever finds none is told when to come again."""

    def __init__(self, most: int, *, retry_after_seconds: int) -> None:
        self._most = most
        self._retry_after_seconds = retry_after_seconds
        self._taken: Counter[Hashable] = Counter()

    @property
    def total(self) -> int:
        """How many are taken, by all keys together."""
        return self._taken.total()

    def acquire(self, key: Hashable) -> Callable[[], None]:
        """What releases the seat, to be called once. Raises the 429 problem."""
        if self._taken[key] >= self._most:
            raise too_many_requests(self._retry_after_seconds)
        self._taken[key] += 1
        return lambda: self._release(key)

    @contextmanager
    def taken(self, key: Hashable) -> Iterator[None]:
        """Around what needs a seat. Raises the 429 problem."""
        release = self.acquire(key)
        try:
            yield
        finally:
            release()

    def _release(self, key: Hashable) -> None:
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]
