"""What one org was told lately, under ids that only this process and this feed know, so that a stream can resume."""

from __future__ import annotations

import secrets
import time
from collections import deque
from typing import Generic, Protocol, TypeVar

from opsdash_gateway.live.signals import RESYNC, Signal

MAXIMUM_SIGNALS = 500
MAXIMUM_AGE_SECONDS = 300.0


class FeedReader(Protocol):
    """What a feed calls on each stream that reads it."""

    def wake(self) -> None:
        """There is a new signal."""

    def lose_track(self) -> None:
        """No id given before can be resumed from."""


Reads = TypeVar("Reads", bound=FeedReader)


class Feed(Generic[Reads]):
    """The last signals of one org and the streams that read them.

    A stream holds no queue, only the number of the last signal it wrote: one that is too slow falls off the end.
    Numbers are the org's own: a process-wide count would tell one org how busy the others are.
    """

    def __init__(self) -> None:
        self.streams: set[Reads] = set()
        self.left_at = time.monotonic()
        self.last = 0
        self._kept: deque[tuple[float, bytes]] = deque(maxlen=MAXIMUM_SIGNALS)
        self._token = secrets.token_hex(6)

    def leave(self, stream: Reads) -> None:
        self.streams.discard(stream)
        self.left_at = time.monotonic()

    def append(self, signal: Signal) -> None:
        self.last += 1
        self._forget_old()
        self._kept.append((time.monotonic(), signal.written(self.id_of(self.last))))
        for stream in self.streams:
            stream.wake()

    def restart(self) -> None:
        """Something was missed: no older id can be resumed from, and every stream is told so."""
        self._token = secrets.token_hex(6)
        self._kept.clear()
        for stream in self.streams:
            stream.lose_track()

    def id_of(self, number: int) -> str:
        return f"{self._token}-{number}"

    @property
    def position(self) -> str:
        """The id to resume from for whoever knows everything up to now."""
        return self.id_of(self.last)

    def number_of(self, event_id: str) -> int | None:
        """The number behind an id; None when what followed it is not all known here."""
        token, _, digits = event_id.rpartition("-")
        if token != self._token or not (digits.isascii() and digits.isdigit() and len(digits) < 16):  # noqa: PLR2004 - digits of an int64
            return None
        number = int(digits)
        return number if self._first - 1 <= number <= self.last else None

    def after(self, number: int) -> bytes | None:
        """Everything written after that number; None when some of it is gone."""
        if number < self._first - 1:
            return None
        start = len(self._kept) - (self.last - number)
        return b"".join(self._kept[index][1] for index in range(start, len(self._kept)))

    def resync(self) -> bytes:
        return RESYNC.written(self.position)

    @property
    def is_forgotten(self) -> bool:
        """Nobody reads it, and nobody will come back for what it keeps."""
        return not self.streams and time.monotonic() - self.left_at > MAXIMUM_AGE_SECONDS

    @property
    def _first(self) -> int:
        """Number of the oldest signal kept; the next one when there is none."""
        return self.last - len(self._kept) + 1

    def _forget_old(self) -> None:
        limit = time.monotonic() - MAXIMUM_AGE_SECONDS
        while self._kept and self._kept[0][0] < limit:
            self._kept.popleft()
