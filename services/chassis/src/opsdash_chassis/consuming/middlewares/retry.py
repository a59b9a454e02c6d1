"""Tries messages again while a dependency is away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import stamina
import structlog

from opsdash_chassis.consuming.middlewares.batch import Batch, CallNext, SubscriptionMiddleware, commits_of
from opsdash_chassis.errors import ComesLater, Unavailable
from opsdash_chassis.observability import metrics

log = structlog.get_logger(__name__)

TRIES = 5
RETRY_BUDGET_SECONDS = 30.0
#: Between two tries: 0.2, 0.6, 1.8 and 5.4 seconds, and up to as much as the first more.
PAUSES: Mapping[str, float] = {
    "timeout": RETRY_BUDGET_SECONDS, "wait_initial": 0.2, "wait_exp_base": 3, "wait_jitter": 0.2, "wait_max": 8.0,
}  # fmt: skip


class RetryMiddleware(SubscriptionMiddleware):
    """At most five tries of a single message, or thirty seconds."""

    async def consume_scope(self, call_next: CallNext, msg: Batch) -> Any:
        async for attempt in stamina.retry_context(on=self._may_pass, attempts=self._tries(msg), **PAUSES):
            with attempt:
                if attempt.num > 1:
                    metrics.HANDLER_RETRIES.labels(self.subscription.topic).inc()
                return await call_next(msg)
        return None

    def _tries(self, batch: Batch) -> int:
        """One for several messages, which are tried one by one then, and for what comes again anyway.

        So other partitions go on while one is held, and a dependency that keeps all of them is waited for once.
        """
        held = self.subscription.progress.holds.keys() | commits_of(batch).held
        partitions = {record.partition for record in batch.raw_message}
        return 1 if len(batch.raw_message) > 1 or commits_of(batch).held or partitions & held else TRIES

    def _may_pass(self, error: Exception) -> bool:
        """Whether to try again; it shows in readiness meanwhile. What comes later holds its partition only."""
        if not isinstance(error, Unavailable) or isinstance(error, ComesLater):
            return False
        self.subscription.progress.failing(error.detail)
        log.debug("handler_failed", topic=self.subscription.topic, reason=error.detail)
        return True
