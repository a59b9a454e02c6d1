"""Decides about messages that cannot be applied: set aside, or held until what keeps them is back."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError
from opsdash_contracts.envelope import InvalidMessage

from opsdash_chassis import crash_points
from opsdash_chassis.consuming.faststream_adapter import Record
from opsdash_chassis.consuming.middlewares.batch import Batch, CallNext, SubscriptionMiddleware, commits_of, part_of
from opsdash_chassis.consuming.offsets import PAUSE_SECONDS
from opsdash_chassis.errors import ComesLater, Unavailable
from opsdash_chassis.observability import metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a message comes again, and after how many seconds; `expected` where nothing is wrong."""

    reason: str
    seconds: float = PAUSE_SECONDS
    expected: bool = False


class DeadLetterMiddleware(SubscriptionMiddleware):
    """Applies a batch as one; when that fails, its messages one by one, so that each is decided about by itself.

    A held message comes again when the pause of its partition is over, with those behind it. Other partitions go on.
    """

    async def consume_scope(self, call_next: CallNext, msg: Batch) -> None:
        self.subscription.progress.started()
        try:
            if not await self._apply_as_one(call_next, msg):
                await self._apply_one_by_one(call_next, msg)
        finally:
            self.subscription.progress.set_down()  # applied, or held and to come again

    async def _apply_as_one(self, call_next: CallNext, batch: Batch) -> bool:
        """False when one of several cannot be applied; which one shows when each comes alone."""
        if len(batch.raw_message) == 1:
            return False
        try:
            await call_next(batch)
        except Exception as error:  # noqa: BLE001 - each message is decided about by itself
            log.info(
                "batch_taken_apart", topic=self.subscription.topic, messages=len(batch.raw_message),
                reason=type(error).__name__,
            )  # fmt: skip
            return False
        self._applied(len(batch.raw_message))
        return True

    async def _apply_one_by_one(self, call_next: CallNext, batch: Batch) -> None:
        commits = commits_of(batch)
        for record in batch.raw_message:
            if record.partition in commits.held:
                continue  # it comes again behind the one that is held
            self.subscription.progress.started()
            held_by = await self._deal_with(call_next, part_of(batch, [record]))
            if held_by is None:
                await commits.handled(record)
            elif commits.hold(record, seconds=held_by.seconds):
                self.subscription.progress.hold(
                    held_by.reason, partition=record.partition, offset=record.offset, expected=held_by.expected
                )

    async def _deal_with(self, call_next: CallNext, single: Batch) -> Held | None:
        """None when the message was applied or set aside; else why it must come again."""
        (record,) = single.raw_message
        try:
            await call_next(single)
        except ComesLater as error:
            return Held(error.detail, seconds=error.retry_after_seconds, expected=True)
        except Unavailable as error:
            return Held(error.detail)
        except Exception as error:  # noqa: BLE001 - whatever the handler raises
            kept_by = await self._set_aside(record, error)
            return None if kept_by is None else Held(kept_by)
        self._applied(1)
        return None

    def _applied(self, messages: int) -> None:
        self.subscription.budget.applied(messages)
        self.subscription.progress.finished()

    async def _set_aside(self, record: Record, error: Exception) -> str | None:
        """None when it is stored; else why it comes again: it cannot be, or the budget for single bad ones is spent."""
        subscription = self.subscription
        if subscription.budget.spent:
            log.error(
                "dead_letter_budget_spent", topic=subscription.topic, way_out="fix the cause, then restart the service"
            )
            return "dead-letter budget spent: fix the cause, then restart"
        reason, detail = describe(error)
        try:
            await subscription.dead_letters.publish(record, group=subscription.group, reason=reason, detail=detail)
        except (KafkaError, OSError, TimeoutError) as publish_error:
            log.error("dead_letter_not_stored", topic=subscription.topic, reason=repr(publish_error))
            return "the dead-letter topic does not take messages"
        subscription.crash_points.reached(crash_points.AFTER_DEAD_LETTER_BEFORE_COMMIT_OFFSET)
        subscription.offsets.commit_now()  # its coming again would show
        self._count(record, reason, detail)
        return None

    def _count(self, record: Record, reason: str, detail: str) -> None:
        metrics.DEAD_LETTERS.labels(self.subscription.topic, reason).inc()
        log.error(
            "message_set_aside", topic=record.topic, partition=record.partition, offset=record.offset,
            reason=reason, detail=detail,
        )  # fmt: skip
        self.subscription.budget.set_aside()
        self.subscription.progress.finished()


def describe(error: Exception) -> tuple[str, str]:
    """A stable reason code and a detail without message content."""
    if isinstance(error, InvalidMessage):
        return error.code, error.message
    return "handler-failed", type(error).__name__
