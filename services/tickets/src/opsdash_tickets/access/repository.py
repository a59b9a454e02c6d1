"""SQL of whether an org has the ticket that a request names. The statement names the org."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection, Record

_EXISTENCE = """
SELECT id AS ticket_id, number, version, deleted_at, purged_at FROM tickets WHERE org_id = $1 AND {reference} = $2
"""
_EXISTENCE_BY_ID = _EXISTENCE.format(reference="id")
_EXISTENCE_BY_NUMBER = _EXISTENCE.format(reference="number")


async def existence(connection: Connection, org_id: UUID, reference: UUID | int) -> Record | None:
    """Living or deleted."""
    statement = _EXISTENCE_BY_ID if isinstance(reference, UUID) else _EXISTENCE_BY_NUMBER
    return await connection.fetchrow(statement, org_id, reference)
