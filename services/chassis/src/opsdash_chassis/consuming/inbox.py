"""Effect once: the events of messages are applied in one transaction with the inbox rows that remember them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from opsdash_contracts.envelope import UnknownEventType

from opsdash_chassis.consuming import inbox_repository
from opsdash_chassis.consuming.handler import Message, NewEvents, ReceivedEvent
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.kafka.undecodable_headers import decode_record

log = structlog.get_logger(__name__)

Apply: TypeAlias = Callable[[NewEvents], Awaitable[object]]


async def apply_once(subscription: Subscription, messages: Sequence[Message], apply: Apply) -> list[str]:
    """Apply the events of the messages, all or nothing; `apply` gets those that are new.

    Returns the outcome of each message: applied, duplicate, ignored or unknown-type. Raises InvalidMessage for what
    can never be applied, Unavailable while the database is away, or what `apply` raises.
    """
    arrived = [_decode(subscription, message) for message in messages]
    received = [item for item in arrived if isinstance(item, ReceivedEvent)]
    new = set(await _apply_new(subscription, received, apply)) if received else set()
    return [item if isinstance(item, str) else "applied" if item in new else "duplicate" for item in arrived]


def _decode(subscription: Subscription, message: Message) -> ReceivedEvent[Any] | str:
    """What is to be applied, or the outcome of what is not."""
    try:
        event = decode_record(message.headers, message.key, message.value)
    except UnknownEventType as unknown:
        log.info("event_type_unknown", topic=subscription.topic, reason=str(unknown))
        return "unknown-type"
    known = event.envelope.type in subscription.handlers.by_type
    return ReceivedEvent(event, subscription.topic, message) if known else "ignored"


async def _apply_new(
    subscription: Subscription, received: Sequence[ReceivedEvent[Any]], apply: Apply
) -> list[ReceivedEvent[Any]]:
    contents = [(item.event.envelope.id, item.message.value or b"") for item in received]
    async with subscription.database.worker_transaction() as connection:
        first = await inbox_repository.first_deliveries(connection, consumer=subscription.group, events=contents)
        if first.now is None:
            return []
        new = _first_of_each(received, first.event_ids)
        await apply(NewEvents(UnitOfWork(connection, first.now), new))
        return new


def _first_of_each(received: Sequence[ReceivedEvent[Any]], event_ids: set[UUID]) -> list[ReceivedEvent[Any]]:
    """Those with these ids, each once though it may be here twice.

    In the order of the orgs and of the keys: transactions that lock the same rows then lock them in the same order.
    """
    found: dict[UUID, ReceivedEvent[Any]] = {}
    for item in sorted(received, key=lambda item: (str(item.event.envelope.org_id), item.message.key or b"")):
        if item.event.envelope.id in event_ids:
            found.setdefault(item.event.envelope.id, item)
    return list(found.values())
