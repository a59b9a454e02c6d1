"""SQL of the orgs a person belongs to."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection, Record

_ORGS_OF_USER = "SELECT org_id, slug, name, plate, role FROM orgs_of_user($1)"


async def orgs_of_user(connection: Connection, user_id: UUID) -> list[Record]:
    return await connection.fetch(_ORGS_OF_USER, user_id)
