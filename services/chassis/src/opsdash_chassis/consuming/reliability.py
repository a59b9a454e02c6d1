"""What happens to a message that cannot be handled: tried again, set aside, or held until a dependency is back."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

import stamina
import structlog
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from faststream import BaseMiddleware
from opsdash_contracts.envelope import InvalidMessage

from opsdash_chassis import crash_points
from opsdash_chassis.consuming.dead_letters import DeadLetterPublisher
from opsdash_chassis.consuming.progress import ConsumerProgress
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability import metrics

log = structlog.get_logger(__name__)

TRIES = 5
RETRY_BUDGET_SECONDS = 30.0
#: Between two tries: 0.2, 0.6, 1.8 and 5.4 seconds, and up to as much as the first more.
PAUSES: Mapping[str, float] = {
    "timeout": RETRY_BUDGET_SECONDS, "wait_initial": 0.2, "wait_exp_base": 3, "wait_jitter": 0.2, "wait_max": 8.0,
}  # fmt: skip


class DeadLetterBudget:
    """Stops a bad deployment from draining a topic into the dead letters.

    Spent when 25 messages in a row, or more than a fifth of the last 500, were set aside. A success starts the row
    anew; a restart starts both anew.
    """

    def __init__(self, *, in_a_row: int = 25, window: int = 500, ratio: float = 0.2) -> None:
        self._in_a_row = in_a_row
        self._ratio = ratio
        self._row = 0
        self._outcomes: deque[bool] = deque(maxlen=window)

    def applied(self) -> None:
        self._row = 0
        self._outcomes.append(False)

    def set_aside(self) -> None:
        self._row += 1
        self._outcomes.append(True)

    @property
    def spent(self) -> bool:
        full = len(self._outcomes) == self._outcomes.maxlen
        return self._row >= self._in_a_row or (full and sum(self._outcomes) > self._ratio * len(self._outcomes))


class TopicReliability:
    """The policy and state of one topic's subscriber; makes a middleware a message."""

    def __init__(
        self,
        *,
        topic: str,
        group: str,
        dead_letters: DeadLetterPublisher,
        armed: str | None = None,
    ) -> None:
        self.topic = topic
        self.group = group
        self.progress = ConsumerProgress(topic)
        self.budget = DeadLetterBudget()
        self._dead_letters = dead_letters
        self.on_set_aside: Callable[[], None] = lambda: None
        self._crash_points = CrashPoints(armed)

    async def with_retries(self, call: Callable[[], Awaitable[Any]], *, partition: int) -> Any:
        """Call, and again while a dependency is away, for at most five tries or thirty seconds.

        What is held comes again anyway: it gets one try a time, so that other partitions go on.
        """
        tries = 1 if partition in self.progress.holds else TRIES
        async for attempt in stamina.retry_context(on=self._may_pass, attempts=tries, **PAUSES):
            with attempt:
                if attempt.num > 1:
                    metrics.HANDLER_RETRIES.labels(self.topic).inc()
                return await call()
        return None

    def _may_pass(self, error: Exception) -> bool:
        """Whether to try again; it shows in readiness meanwhile."""
        if not isinstance(error, Unavailable):
            return False
        self.progress.failing(error.detail)
        log.debug("handler_failed", topic=self.topic, reason=error.detail)
        return True

    def applied(self) -> None:
        self.budget.applied()
        self.progress.finished()

    async def failed(self, record: ConsumerRecord[bytes, bytes], error: BaseException) -> bool:
        """Decide about a failed message: True when it is safely set aside, False when it must come again.

        What failed because a dependency is away is held for as long as that lasts: the message is good.
        """
        if isinstance(error, Unavailable):
            return self._hold(record, error.detail)
        if self.budget.spent:
            log.error(
                "dead_letter_budget_spent",
                topic=self.topic,
                way_out="fix the cause, then restart the service",
            )
            return self._hold(record, "dead-letter budget spent: fix the cause, then restart")
        reason, detail = describe(error)
        try:
            await self._dead_letters.publish(record, group=self.group, reason=reason, detail=detail)
        except (KafkaError, OSError, TimeoutError) as publish_error:
            log.error("dead_letter_not_stored", topic=self.topic, reason=repr(publish_error))
            return self._hold(record, "the dead-letter topic does not take messages")
        self._crash_points.reached(crash_points.AFTER_DEAD_LETTER_BEFORE_COMMIT_OFFSET)
        self.on_set_aside()
        self._count(record, reason, detail)
        return True

    def _count(self, record: ConsumerRecord[bytes, bytes], reason: str, detail: str) -> None:
        metrics.DEAD_LETTERS.labels(self.topic, reason).inc()
        log.error(
            "message_set_aside", topic=record.topic, partition=record.partition, offset=record.offset,
            reason=reason, detail=detail,
        )  # fmt: skip
        self.budget.set_aside()
        self.progress.finished()

    def _hold(self, record: ConsumerRecord[bytes, bytes], reason: str) -> bool:
        """The message comes again when the pause of its partition is over (see offsets.py)."""
        self.progress.hold(reason, partition=record.partition, offset=record.offset)
        self.progress.abandoned()
        return False


def describe(error: BaseException) -> tuple[str, str]:
    """A stable reason code and a detail without message content."""
    if isinstance(error, InvalidMessage):
        return error.code, error.message
    return "handler-failed", type(error).__name__


class ReliabilityMiddleware:
    """Hands each message to its topic's policy. Made once a broker; innermost of our middlewares."""

    def __init__(self) -> None:
        self.topics: dict[str, TopicReliability] = {}

    def __call__(self, msg: Any, /, *, context: Any) -> _Middleware:
        return _Middleware(msg, context=context, policy=self.topics[msg.topic])


class _Middleware(BaseMiddleware[Any, Any]):
    def __init__(self, msg: Any, /, *, context: Any, policy: TopicReliability) -> None:
        super().__init__(msg, context=context)
        self._policy = policy

    async def on_receive(self) -> None:
        self._policy.progress.started()

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        return await self._policy.with_retries(lambda: call_next(msg), partition=self.msg.partition)

    async def after_processed(
        self,
        _exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        _exc_tb: TracebackType | None = None,
    ) -> bool:
        """The only hook that also sees bodies no handler could take."""
        if exc_val is None:
            self._policy.applied()
            return False
        if not isinstance(exc_val, Exception):
            self._policy.progress.abandoned()  # cancelled: the offset stays, the message comes again
            return False
        return await self._policy.failed(self.msg, exc_val)
