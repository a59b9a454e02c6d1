"""What this replica knows of ended sessions; asked at every request that brings a session."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from opsdash_contracts.sessions import Ended, SessionEnded

from opsdash_gateway.console.auth.ended_sessions.marks import SESSION_SECONDS, SessionMarks

#: An ended session would be refused for its age after twelve hours; the rest is for clocks that differ.
KEPT_SECONDS = SESSION_SECONDS + 1800
#: Some 30 MB.
MAXIMUM_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class _Ending:
    """Since when something is over, and of a person the last moment at which a session that is over began."""

    ended_at: float
    begun_until: float


class EndedSessions:
    """Bounded and never too generous: what it had to forget, or has not read yet, counts as ended.

    So while the broker is away at the start of a process, sessions from before that start have to sign in again; and
    beyond MAXIMUM_ENTRIES in twelve hours those that are as old as the entries that were dropped.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, maximum: int = MAXIMUM_ENTRIES) -> None:
        self._clock = clock
        self._maximum = maximum
        self._known: dict[UUID, _Ending] = {}
        self._unread_until = clock()
        self._forgotten_until = -math.inf

    def caught_up(self) -> None:
        """Everything that ended before this process began has been read."""
        self._unread_until = -math.inf

    def learn(self, ended: SessionEnded) -> bool:
        """Whether it is news; what was read before is none, also when there was no room to keep it."""
        at = ended.ended_at.timestamp()
        known = self._known.get(ended.ended_id)
        oldest = max(self._clock() - KEPT_SECONDS, self._forgotten_until)
        if at <= oldest or (known is not None and known.ended_at >= at):
            return False
        self._known.pop(ended.ended_id, None)  # the newest stand at the end
        self._forget_old()
        self._known[ended.ended_id] = _Ending(at, at if ended.what is Ended.PERSON else math.inf)
        return True

    def is_over(self, marks: SessionMarks, started_at: float) -> bool:
        """Whether a session with these marks, begun here at that time, has been ended."""
        if started_at <= max(self._unread_until, self._forgotten_until):
            return True
        names = (marks.own, marks.person, marks.provider_session)
        endings = (self._known.get(name) for name in names if name is not None)
        return any(ending is not None and marks.issued_at <= ending.begun_until for ending in endings)

    def _forget_old(self) -> None:
        limit = self._clock() - KEPT_SECONDS
        while self._known:
            oldest, ending = next(iter(self._known.items()))
            if len(self._known) >= self._maximum:
                self._forgotten_until = max(self._forgotten_until, ending.ended_at)
            elif ending.ended_at >= limit:
                return
            del self._known[oldest]
