"""Ends sessions: in this process at once, and everywhere else by a record that every replica reads."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from opsdash_chassis.kafka.broadcast_consumer import BroadcastConsumer
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.health import ProbeResult
from opsdash_chassis.settings import KafkaSettings
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.sessions import ENDED, Ended, SessionEnded
from opsdash_contracts.topics import SESSIONS
from opsdash_http.errors.problems import Problem
from opsdash_http.limits.rate_limits import RateLimit

from opsdash_gateway.console.auth.ended_sessions.marks import SessionMarks
from opsdash_gateway.console.auth.ended_sessions.register import EndedSessions
from opsdash_gateway.publishing.publisher import Publisher

log = structlog.get_logger(__name__)

#: A person waits for it.
DEADLINE_SECONDS = 2.0
RETRY_SECONDS = 1.0
MAXIMUM_WAITING = 1000
#: How long a new process waits for the broker before it serves with what it knows.
PATIENCE_SECONDS = 10.0
#: Who signs out more often ends all sessions they have begun so far: one place in the registers, however often.
SIGN_OUTS, SIGN_OUTS_PER_HOUR = 20, 10


class Endings:
    """`on_news` is called when sessions have ended, whoever ended them."""

    def __init__(
        self,
        settings: KafkaSettings,
        publisher: Publisher,
        *,
        on_news: Callable[[], None] = lambda: None,
        kafka: Dependency | None = None,
    ) -> None:
        self.register = EndedSessions()
        self._publisher = publisher
        self._on_news = on_news
        self._waiting: deque[Event[EventData]] = deque()
        self._wake = asyncio.Event()
        self._sign_outs = RateLimit(per_second=SIGN_OUTS_PER_HOUR / 3600, burst=SIGN_OUTS)
        self._has_read = False
        self._gives_up_at = float("inf")
        self._consumer = BroadcastConsumer(
            settings,
            [SESSIONS],
            wanted=lambda _: True,
            on_event=self._learn,
            on_caught_up=self._caught_up,
            from_beginning=True,
            part="sessions",
            kafka=kafka,
        )

    async def end_session(self, marks: SessionMarks, user_id: UUID) -> bool:
        """Somebody signs out. Whether all replicas are told; if not, that is tried until they are."""
        return await self.end(self._ending_of(marks), actor_id=user_id)

    def _ending_of(self, marks: SessionMarks) -> SessionEnded:
        try:
            self._sign_outs.check(marks.person)
        except Problem:
            begun = datetime.fromtimestamp(math.ceil(marks.issued_at), UTC)  # whole seconds, as in a logout token
            return SessionEnded(ended_id=marks.person, what=Ended.PERSON, ended_at=begun)
        return SessionEnded(ended_id=marks.own, what=Ended.SESSION, ended_at=datetime.now(UTC))

    async def end(self, ended: SessionEnded, *, actor_id: UUID | None = None) -> bool:
        """The same for whatever ends. What has ended already, or too long ago to matter, is not told again."""
        if not self.register.learn(ended):
            return all(event.data != ended for event in self._waiting)
        self._on_news()
        event: Event[EventData] = Event.of(ended, type=ENDED, id=uuid4(), time=datetime.now(UTC), actor_id=actor_id)
        try:
            await self._publisher.publish([event], DEADLINE_SECONDS)
        except Problem:
            self._wait_with(event)
            return False
        return True

    def state(self) -> ProbeResult:
        """Not ready before it has read what ended, unless the broker is away: then it goes on and says so."""
        missed = self._consumer.missed
        if self._waiting:
            missed = f"{missed or 'follows'}; {len(self._waiting)} endings are not told yet"
        if self._has_read or self._consumer.missed or asyncio.get_running_loop().time() > self._gives_up_at:
            return True, missed or "follows"
        return False, "reads which sessions have ended"

    async def run(self) -> None:
        """Read what ends elsewhere, until cancelled."""
        self._gives_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        await self._consumer.run()

    async def tell(self) -> None:
        """Tell what could not be told at once, until cancelled."""
        try:
            while True:
                await self._wake.wait()
                await self._tell_waiting()
        finally:
            if self._waiting:
                log.error("endings_not_told", count=len(self._waiting), reason="the process stops")

    async def _tell_waiting(self) -> None:
        events = list(self._waiting)
        try:
            await self._publisher.publish(events)
        except Problem:
            await asyncio.sleep(RETRY_SECONDS)
            return
        for _ in events:
            self._waiting.popleft()
        if not self._waiting:
            self._wake.clear()
        log.info("endings_told", count=len(events))

    def _wait_with(self, event: Event[EventData]) -> None:
        if len(self._waiting) >= MAXIMUM_WAITING:
            log.error("ending_not_told", reason="too many wait for the broker; copies of the cookie end by their age")
            return
        self._waiting.append(event)
        self._wake.set()

    def _learn(self, event: Event[Any]) -> None:
        if isinstance(event.data, SessionEnded) and self.register.learn(event.data):
            self._on_news()

    def _caught_up(self) -> None:
        self._has_read = True
        self.register.caught_up()
