"""SQL of who a membership belongs to. Every statement names the org."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection

_USER = "SELECT user_id FROM members WHERE org_id = $1 AND member_id = $2"
_IS_MEMBER = "SELECT true FROM members WHERE org_id = $1 AND user_id = $2 AND removed_at IS NULL LIMIT 1"


async def user_of(connection: Connection, org_id: UUID, member_id: UUID) -> UUID | None:
    user_id: UUID | None = await connection.fetchval(_USER, org_id, member_id)
    return user_id


async def is_member(connection: Connection, org_id: UUID, user_id: UUID) -> bool:
    """By this or another membership."""
    return bool(await connection.fetchval(_IS_MEMBER, org_id, user_id))
