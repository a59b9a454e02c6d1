"""SQL of what others may know of the ticket that a request names. The statements name the org."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row
from opsdash_chassis.database.row import Row

_EXISTENCE = """
SELECT id AS ticket_id, number, version, deleted_at, purged_at FROM tickets WHERE org_id = $1 AND {reference} = $2
"""
_EXISTENCE_BY_ID = _EXISTENCE.format(reference="id")
_EXISTENCE_BY_NUMBER = _EXISTENCE.format(reference="number")

_DESCRIPTION = "SELECT description FROM tickets WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL"


class KnownTicket(Row, frozen=True):
    """What others may know of a ticket; it may be deleted or purged."""

    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


async def existence(connection: Connection, org_id: UUID, reference: UUID | int) -> KnownTicket | None:
    """Living or deleted."""
    statement = _EXISTENCE_BY_ID if isinstance(reference, UUID) else _EXISTENCE_BY_NUMBER
    return to_row(KnownTicket, await connection.fetchrow(statement, org_id, reference))


async def description(connection: Connection, org_id: UUID, ticket_id: UUID) -> str | None:
    """As it was typed; None where the ticket is deleted, or there is none."""
    text: str | None = await connection.fetchval(_DESCRIPTION, org_id, ticket_id)
    return text
