"""SQL of a ticket's activity: its own history and that of its comments, in one order. Every statement names the org."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

# A transaction that waited for another's lock began before it and committed after it. The running maximum lets each of
# the two histories keep the order of its versions while they are merged by time.
_ACTIVITY = """
WITH entries AS (
    SELECT max(h.occurred_at) OVER (ORDER BY h.aggregate_version) AS place, 0 AS source, h.aggregate_version AS step,
           h.event_id AS id, h.event_type AS type, h.aggregate_version AS version, h.occurred_at AS at, h.actor_id,
           h.data -> 'changes' AS changes, h.data ->> 'bulk_id' AS bulk_id, NULL::uuid AS comment_id
    FROM history h WHERE h.org_id = $1 AND h.aggregate_id = $2
    UNION ALL
    SELECT max(c.occurred_at) OVER (ORDER BY c.ticket_sequence), 1, c.ticket_sequence,
           c.event_id, c.event_type, c.comment_version, c.occurred_at, c.actor_id, c.changes, NULL, c.comment_id
    FROM comment_history c WHERE c.org_id = $1 AND c.ticket_id = $2
)
SELECT e.* FROM entries e WHERE (e.place, e.source, e.step) > ($3::timestamptz, $4::int, $5::bigint)
ORDER BY e.place, e.source, e.step LIMIT $6
"""
#: Time, source and step of an entry; the next page starts behind it.
Place = tuple[datetime, int, int]


class HistoryEntry(Row, frozen=True):
    """An event of the ticket or of one of its comments. `place`, `source` and `step` order it; `changes` is JSON."""

    place: datetime
    source: int
    step: int
    id: UUID
    type: str
    version: int
    at: datetime
    actor_id: UUID | None
    changes: str
    bulk_id: str | None
    comment_id: UUID | None


async def page(
    connection: Connection, org_id: UUID, ticket_id: UUID, *, after: Place, limit: int
) -> list[HistoryEntry]:
    """What happened, oldest first."""
    return to_rows(HistoryEntry, await connection.fetch(_ACTIVITY, org_id, ticket_id, *after, limit))
