"""SQL of the counters of an org. Every statement names the org."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_only_row

from opsdash_tickets.plate_usage.model import Counters

# The counter row stays locked until commit: the cap is exact and numbers are never given twice.
_LOCK_COUNTERS = """
INSERT INTO org_counters (org_id, last_number, living_tickets) VALUES ($1, 0, 0)
ON CONFLICT (org_id) DO UPDATE SET last_number = org_counters.last_number
RETURNING last_number, living_tickets, usage_notices
"""
_TAKE_SLOT = """
INSERT INTO org_counters (org_id, last_number, living_tickets) VALUES ($1, $2::bigint, 1)
ON CONFLICT (org_id) DO UPDATE
SET last_number = org_counters.last_number + $2::bigint, living_tickets = org_counters.living_tickets + 1
RETURNING last_number, living_tickets, usage_notices
"""
_SAVE_COUNTERS = """
UPDATE org_counters SET last_number = $2, living_tickets = $3, usage_notices = $4 WHERE org_id = $1
"""
_NOT_DELETED = "SELECT living_tickets FROM org_counters WHERE org_id = $1"


async def lock_counters(connection: Connection, org_id: UUID) -> Counters:
    """The org's counters, locked until the transaction ends."""
    return to_only_row(Counters, await connection.fetchrow(_LOCK_COUNTERS, org_id))


async def take_slot(connection: Connection, org_id: UUID, *, numbers: int) -> Counters:
    """Count one more living ticket and `numbers` more numbers given; the counters stay locked until the end."""
    return to_only_row(Counters, await connection.fetchrow(_TAKE_SLOT, org_id, numbers))


async def save_counters(connection: Connection, org_id: UUID, counters: Counters) -> None:
    await connection.execute(
        _SAVE_COUNTERS, org_id, counters.last_number, counters.living_tickets, counters.usage_notices
    )


async def living_tickets(connection: Connection, org_id: UUID) -> int:
    count: int | None = await connection.fetchval(_NOT_DELETED, org_id)
    return count or 0
