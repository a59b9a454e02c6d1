"""SQL of the inbox: an event id is remembered in the same transaction as what it caused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from opsdash_contracts.envelope import InvalidMessage

from opsdash_chassis.database.pools import PRUNED_AT_ONCE, Connection, affected_rows

# In the order of the ids, so that two deliveries of the same events cannot lock each other out.
_REMEMBER = """
INSERT INTO inbox (consumer, event_id, content_sha256)
SELECT $1, event_id, content FROM unnest($2::uuid[], $3::bytea[]) AS delivered (event_id, content) ORDER BY event_id
ON CONFLICT (consumer, event_id) DO NOTHING
RETURNING event_id, now() AS transaction_time
"""
_KNOWN = "SELECT event_id, content_sha256 FROM inbox WHERE consumer = $1 AND event_id = ANY($2::uuid[])"
_PRUNE = f"""
DELETE FROM inbox WHERE ctid IN (
    SELECT ctid FROM inbox WHERE received_at < now() - make_interval(hours => $1) LIMIT {PRUNED_AT_ONCE}
)
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class FirstDeliveries:
    """The ids that had not been handled before, and the transaction's time; none when there are no such ids."""

    event_ids: set[UUID]
    now: datetime | None


async def first_deliveries(
    connection: Connection, *, consumer: str, events: Sequence[tuple[UUID, bytes]]
) -> FirstDeliveries:
    """Remember events, each an id with its value, and tell which of them are new.

    Raises InvalidMessage("content-changed") when the same id arrives with other content: the first one wins.
    A concurrent delivery of the same id waits for the other transaction, so it is never handled twice.
    """
    digests: dict[UUID, bytes] = {}
    for event_id, value in events:
        digest = sha256(value).digest()
        if digests.setdefault(event_id, digest) != digest:
            raise _content_changed(event_id)
    rows = await connection.fetch(_REMEMBER, consumer, list(digests), list(digests.values()))
    new = {row["event_id"] for row in rows}
    if len(new) < len(digests):
        for row in await connection.fetch(_KNOWN, consumer, list(digests.keys() - new)):
            if row["content_sha256"] != digests[row["event_id"]]:
                raise _content_changed(row["event_id"])
    return FirstDeliveries(new, rows[0]["transaction_time"] if rows else None)


def _content_changed(event_id: UUID) -> InvalidMessage:
    return InvalidMessage("content-changed", f"event {event_id} was delivered before with other content")


async def prune(connection: Connection, *, retention_hours: int) -> int:
    """Forget some of the ids that no replay can bring back any more; how many."""
    return affected_rows(await connection.execute(_PRUNE, retention_hours))
