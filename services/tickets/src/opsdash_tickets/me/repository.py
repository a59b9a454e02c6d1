"""SQL of the orgs a person belongs to."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

_ORGS_OF_USER = "SELECT org_id AS id, slug, name, plate, role FROM orgs_of_user($1)"


class OrgOfUser(Row, frozen=True):
    """An org, and what the user is there."""

    id: UUID
    slug: str
    name: str
    plate: str
    role: str


async def orgs_of_user(connection: Connection, user_id: UUID) -> list[OrgOfUser]:
    return to_rows(OrgOfUser, await connection.fetch(_ORGS_OF_USER, user_id))
