"""What every batch of messages passes on its way to the handlers of its topic, outermost first.

- dead_letter.py decides about messages that cannot be applied: set aside, or held until a dependency is back;
- retry.py tries again while a dependency is away;
- telemetry.py measures and counts;
- inbox.py opens the transaction and lets only new events through.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from opsdash_chassis.consuming.middlewares.dead_letter import DeadLetterMiddleware
from opsdash_chassis.consuming.middlewares.inbox import InboxMiddleware
from opsdash_chassis.consuming.middlewares.retry import RetryMiddleware
from opsdash_chassis.consuming.middlewares.telemetry import TelemetryMiddleware
from opsdash_chassis.consuming.subscription import Subscription

if TYPE_CHECKING:
    from faststream.types import BrokerMiddleware

CHAIN = (DeadLetterMiddleware, RetryMiddleware, TelemetryMiddleware, InboxMiddleware)


def chain_of(subscription: Subscription) -> Sequence[BrokerMiddleware[Any, Any]]:
    """The middlewares of one subscription's router."""
    return [partial(middleware, subscription=subscription) for middleware in CHAIN]
