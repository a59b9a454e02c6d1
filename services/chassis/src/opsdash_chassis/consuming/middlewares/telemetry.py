"""Measures how long messages take, and counts what became of them."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from opsdash_chassis.consuming.middlewares.batch import Batch, CallNext, SubscriptionMiddleware
from opsdash_chassis.observability import metrics


class TelemetryMiddleware(SubscriptionMiddleware):
    """Each message has its share of the time of its batch; what fails is timed and not counted."""

    async def consume_scope(self, call_next: CallNext, msg: Batch) -> Any:
        topic, messages = self.subscription.topic, len(msg.raw_message)
        started = time.perf_counter()
        outcomes: list[str] = []
        try:
            outcomes = await call_next(msg)
        finally:
            seconds = metrics.HANDLER_SECONDS.labels(topic)
            share = (time.perf_counter() - started) / messages
            for _ in range(messages):
                seconds.observe(share)
        for outcome, count in Counter(outcomes).items():
            metrics.CONSUMED.labels(topic, outcome).inc(count)
