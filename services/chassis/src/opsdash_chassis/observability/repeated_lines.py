"""Thins out what libraries log: a client that tries again writes the same line up to a hundred times a second."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

LIBRARIES = ("aiokafka", "aiohttp", "asyncio", "asyncpg", "faststream", "kafka", "uvicorn")
EVERY_SECONDS = 10.0
MOST_KINDS = 1000


@dataclass(slots=True)
class _Kind:
    said_at: float
    left_out: int = 0


class RepeatedLines(logging.Filter):
    """Lets one line of a kind through in ten seconds; it says how many like it were left out before.

    Lines are of one kind when they have the same logger, level and template, whatever values are filled in.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, int, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        now, key = self._clock(), (record.name, record.levelno, str(record.msg))
        kind = self._kinds.get(key)
        if kind is not None and now - kind.said_at < EVERY_SECONDS:
            kind.left_out += 1
            return False
        if kind is not None and kind.left_out:
            record.msg = f"{record.msg} ({kind.left_out} more like it were left out)"
        if len(self._kinds) >= MOST_KINDS:  # templates with values in them
            self._kinds.clear()
        self._kinds[key] = _Kind(now)
        return True
