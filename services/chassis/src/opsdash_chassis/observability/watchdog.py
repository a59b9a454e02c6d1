"""Sees the event loop stand still: writes what it is doing to the log, and ends the process when it does not go on.

A thread looks at a mark that the loop moves; time in which the whole process was frozen does not count. One long call
that lets no other thread run is watched by two timers of the kernel, which count while the process computes: the first
has the stacks written as they are, the second ends the process by its signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

log = structlog.get_logger(__name__)

STALLS = Counter("opsdash_event_loop_stalls", "Times the event loop stood still for longer than the setting")
EXIT_STOOD_STILL = 5
LOOKS_EACH_LIMIT = 8
MOST_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass
class Standstill:
    """How long the loop has stood, seen by somebody who may have been frozen together with it. Times are seconds."""

    looked_at: float
    computed: float
    mark: int = -1
    seconds: float = 0.0

    def look(self, mark: int, now: float, computed: float, most: float) -> float:
        """How long it stood up to now. `seconds` is 0 again when it has moved since.

        `computed` is the processor time of the process: a gap between two looks in which it did not compute is not the
        loop's, but that of a frozen process.
        """
        gap, worked = now - self.looked_at, computed - self.computed
        self.looked_at, self.computed = now, computed
        stood = self.seconds + min(gap, max(most, worked))
        self.seconds = stood if mark == self.mark else 0.0
        self.mark = mark
        return stood


class Watchdog:
    """Watches the loop it is started on, from a thread of its own."""

    def __init__(self, *, log_seconds: float, exit_seconds: float) -> None:
        self._log_seconds = log_seconds
        self._exit_seconds = exit_seconds
        self._pause = min(MOST_SECONDS_BETWEEN_LOOKS, log_seconds / LOOKS_EACH_LIMIT)
        self._mark = 0
        self._stopped = threading.Event()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Around what runs on this loop, which is that of the calling thread."""
        self._move(asyncio.get_running_loop())
        faulthandler.register(signal.SIGPROF, file=sys.stderr, all_threads=True)
        self._set_timers(self._log_seconds, self._exit_seconds)  # a first call may come before the thread's first look
        thread = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()
            self._set_timers(0, 0)
            faulthandler.unregister(signal.SIGPROF)

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        self._mark += 1
        if not self._stopped.is_set():
            loop.call_later(self._pause, self._move, loop)

    def _watch(self, watched: int) -> None:
        standstill, logged = Standstill(time.monotonic(), time.process_time()), False
        while not self._stopped.wait(self._pause):
            self._set_timers(self._log_seconds, self._exit_seconds)
            stood = standstill.look(self._mark, time.monotonic(), time.process_time(), 2 * self._pause)
            if stood >= self._log_seconds and not logged:
                logged = True
                STALLS.inc()
                log.error("event_loop_stands", seconds=round(stood, 1), stack=_stack_of(watched))
            if logged and not standstill.seconds:
                logged = False
                log.warning("event_loop_goes_on", seconds=round(stood, 1))
            if standstill.seconds >= self._exit_seconds:
                log.error("event_loop_stood_too_long", seconds=round(stood, 1), stack=_stack_of(watched))
                os._exit(EXIT_STOOD_STILL)

    @staticmethod
    def _set_timers(stack_seconds: float, end_seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, stack_seconds)
        signal.setitimer(signal.ITIMER_VIRTUAL, end_seconds)


def _stack_of(thread: int) -> str:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the one way to another thread's stack
    return "".join(traceback.format_stack(frame)) if frame else "the thread has ended"
