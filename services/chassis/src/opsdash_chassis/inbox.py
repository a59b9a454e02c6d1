"""Effect once: an event id is remembered in the same transaction as what it caused."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from opsdash_contracts.envelope import InvalidMessage

from opsdash_chassis.database import PRUNED_AT_ONCE, Connection, affected_rows

_REMEMBER = """
INSERT INTO inbox (consumer, event_id, content_sha256) VALUES ($1, $2, $3)
ON CONFLICT (consumer, event_id) DO NOTHING
RETURNING now()
"""
_KNOWN = "SELECT content_sha256 FROM inbox WHERE consumer = $1 AND event_id = $2"
_PRUNE = f"""
DELETE FROM inbox WHERE ctid IN (
    SELECT ctid FROM inbox WHERE received_at < now() - make_interval(hours => $1) LIMIT {PRUNED_AT_ONCE}
)
"""  # noqa: S608 - a constant


async def first_delivery(connection: Connection, *, consumer: str, event_id: UUID, value: bytes) -> datetime | None:
    """Remember the event and tell the transaction's time; None when the event was handled before.

    Raises InvalidMessage("content-changed") when the same id arrives with other content: the first one wins.
    A concurrent delivery of the same id waits for the other transaction, so it is never handled twice.
    """
    digest = sha256(value).digest()
    now: datetime | None = await connection.fetchval(_REMEMBER, consumer, event_id, digest)
    if now is not None:
        return now
    if await connection.fetchval(_KNOWN, consumer, event_id) != digest:
        raise InvalidMessage("content-changed", f"event {event_id} was delivered before with other content")
    return None


async def prune(connection: Connection, *, retention_hours: int) -> int:
    """Forget some of the ids that no replay can bring back any more; how many."""
    return affected_rows(await connection.execute(_PRUNE, retention_hours))
