"""How many requests of one person run at the same time: the others wait, and hold up nobody else.

Fewer while theirs take long steps: between two steps of somebody else's, one person's take so much of the loop at most.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable

from opsdash_http.errors.problems import too_many_requests
from opsdash_http.limits.cost import current_cost

WAIT_SECONDS = 10.0
RETRY_AFTER_SECONDS = 1
#: What the running requests of one person may take together, each with a step as long as their second longest of late.
LOOP_SECONDS = 0.03
#: A long step counts half as much after so long.
HALF_LIFE_SECONDS = 5.0
MAXIMUM_KEYS = 50_000


class LongSteps:
    """The second longest step of each key of late: one long step alone may be the machine's, as at a first request."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        #: The longest, the second longest, and when they were that long.
        self._known: OrderedDict[Hashable, tuple[float, float, float]] = OrderedDict()

    def of(self, key: Hashable) -> float:
        """Seconds; 0 for a key that is not known."""
        return self._two(key)[1] if key in self._known else 0.0

    def note(self, key: Hashable, seconds: float) -> None:
        longest, second = self._two(key)
        self._known[key] = max(longest, seconds), max(second, min(longest, seconds)), self._clock()
        self._known.move_to_end(key)
        if len(self._known) > MAXIMUM_KEYS:
            self._known.popitem(last=False)

    def _two(self, key: Hashable) -> tuple[float, float]:
        longest, second, at = self._known.get(key, (0.0, 0.0, 0.0))
        share = 0.5 ** ((self._clock() - at) / HALF_LIFE_SECONDS)
        return longest * share, second * share


class Queues:
    """A queue for each key. Who waits holds a request's head, no body and nothing of another service."""

    def __init__(
        self, at_once: int, *, wait_seconds: float = WAIT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = at_once
        self._wait_seconds = wait_seconds
        self._running: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._steps = LongSteps(clock)
        self._long_seconds = LOOP_SECONDS / at_once

    async def enter(self, key: Hashable) -> Callable[[], None]:
        """What leaves again; more than once is once. Raises the 429 problem when it takes too long."""
        if not self._waiting.get(key) and self._has_room(key):
            self._running[key] += 1
        else:
            await self._wait(key)
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                if (longest := current_cost().longest_step) > self._long_seconds:
                    self._steps.note(key, longest)
                self._leave(key)

        return leave

    def _has_room(self, key: Hashable) -> bool:
        """One may always run."""
        step = self._steps.of(key)
        most = min(self._at_once, int(LOOP_SECONDS / step)) if step else self._at_once
        return self._running[key] < max(1, most)

    async def _wait(self, key: Hashable) -> None:
        """Until somebody who leaves hands over a place."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():  # handed over in the same moment
                self._leave(key)
            if isinstance(error, TimeoutError):
                raise too_many_requests(RETRY_AFTER_SECONDS) from None
            raise

    def _leave(self, key: Hashable) -> None:
        """Let in as many as there is room for now."""
        self._running[key] -= 1
        waiting = self._waiting.get(key, deque())
        while waiting and self._has_room(key):
            place = waiting.popleft()
            if not place.done():
                place.set_result(None)
                self._running[key] += 1
        if not waiting:
            self._waiting.pop(key, None)
        if not self._running[key]:
            del self._running[key]
