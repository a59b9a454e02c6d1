"""Opens the transaction of a batch and hands the events on that are new to this consumer."""

from __future__ import annotations

from opsdash_chassis import crash_points
from opsdash_chassis.consuming.inbox import apply_once
from opsdash_chassis.consuming.middlewares.batch import Batch, CallNext, SubscriptionMiddleware, with_body


class InboxMiddleware(SubscriptionMiddleware):
    """Ends in the outcome of each message: applied, duplicate, ignored or unknown-type."""

    async def consume_scope(self, call_next: CallNext, msg: Batch) -> list[str]:
        outcomes = await apply_once(self.subscription, msg.raw_message, lambda new: call_next(with_body(msg, new)))
        self.subscription.crash_points.reached(crash_points.AFTER_EFFECT_BEFORE_COMMIT_OFFSET)
        return outcomes
