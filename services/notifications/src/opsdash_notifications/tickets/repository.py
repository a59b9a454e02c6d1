"""SQL of known tickets: the newest version wins. Every statement names the org."""

from __future__ import annotations

from dataclasses import astuple
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row
from opsdash_tenancy.open_tenant import ReadsInTenant

from opsdash_notifications.tickets.model import KnownTicket

_COLUMNS = (
    "org_id, ticket_id, number, version, created_by, assignee_id, deleted_at, purged_at, title, priority, category"
)
_READ = f"SELECT {_COLUMNS} FROM known_tickets WHERE org_id = $1 AND ticket_id = $2"  # noqa: S608 - our columns
_READ_BY_NUMBER = f"SELECT {_COLUMNS} FROM known_tickets WHERE org_id = $1 AND number = $2"  # noqa: S608 - the same
# An answer of the tickets service may have the version of an event that is still to come; the event adds the people.
_STORE = f"""
INSERT INTO known_tickets ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (org_id, ticket_id) DO UPDATE
SET version = excluded.version, deleted_at = excluded.deleted_at, purged_at = excluded.purged_at,
    created_by = coalesce(excluded.created_by, known_tickets.created_by),
    title = coalesce(excluded.title, known_tickets.title),
    priority = coalesce(excluded.priority, known_tickets.priority),
    category = coalesce(excluded.category, known_tickets.category),
    assignee_id = CASE WHEN excluded.created_by IS NULL THEN known_tickets.assignee_id ELSE excluded.assignee_id END
WHERE excluded.version > known_tickets.version
   OR (excluded.version = known_tickets.version
       AND (known_tickets.created_by IS NULL OR known_tickets.priority IS NULL))
"""  # noqa: S608 - our columns


async def read(connection: Connection, org_id: UUID, ticket_id: UUID) -> KnownTicket | None:
    return to_row(KnownTicket, await connection.fetchrow(_READ, org_id, ticket_id))


async def find(reader: ReadsInTenant, reference: UUID | int) -> KnownTicket | None:
    """By id or number, in the org that the reader opens or has open."""
    rows = await reader.fetch(KnownTicket, _READ if isinstance(reference, UUID) else _READ_BY_NUMBER, reference)
    return rows[0] if rows else None


async def store(connection: Connection, ticket: KnownTicket) -> None:
    """Unless a newer version is known."""
    await connection.execute(_STORE, *astuple(ticket))
