"""SQL of the ledger: the history of notice events, and how many a ticket or an org has.

Every statement names the org; row-level security stands underneath.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

_COUNT = """
INSERT INTO notice_counters (org_id, subject_id, notices) VALUES ($1, $2, $3)
ON CONFLICT (org_id, subject_id) DO UPDATE SET notices = notice_counters.notices + excluded.notices
RETURNING notices
"""
_KNOWN = "SELECT event_id FROM history WHERE org_id = $1 AND event_id = ANY($2::uuid[])"
_PAGE = """
SELECT event_type, aggregate_version AS version, data FROM history
WHERE org_id = $1 AND aggregate_id = $2 AND aggregate_version < $3
ORDER BY aggregate_version DESC LIMIT $4
"""
_CHANNEL_NAMES = "SELECT id, name FROM team_channels WHERE org_id = $1 AND id = ANY($2::uuid[])"


class Recorded(Row, frozen=True):
    """One notice event as it was published; `data` is its JSON."""

    event_type: str
    version: int
    data: str


async def take_numbers(connection: Connection, org_id: UUID, subject_id: UUID, count: int) -> int:
    """The first of so many numbers of a ticket's or an org's notices; others wait until this transaction ends."""
    last: int = await connection.fetchval(_COUNT, org_id, subject_id, count)
    return last - count + 1


async def known(connection: Connection, org_id: UUID, event_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the events that are recorded."""
    return {row["event_id"] for row in await connection.fetch(_KNOWN, org_id, event_ids)}


async def page(connection: Connection, org_id: UUID, subject_id: UUID, *, before: int, limit: int) -> list[Recorded]:
    """Newest first."""
    return to_rows(Recorded, await connection.fetch(_PAGE, org_id, subject_id, before, limit))


async def channel_names(connection: Connection, org_id: UUID, channel_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of team channels that the org has or had."""
    if not channel_ids:
        return {}
    return {row["id"]: row["name"] for row in await connection.fetch(_CHANNEL_NAMES, org_id, list(set(channel_ids)))}
