"""SQL of the directory replica: last writer wins by the version OpsDash gives."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.row import Row
from opsdash_contracts.workspace import Kind, Member, Org, Removed

_UPSERT = """
INSERT INTO {table} (org_id, {columns}, version, removed_at) VALUES ($1, {values}, ${version}, NULL)
ON CONFLICT (org_id{key}) DO UPDATE SET {updates}, version = excluded.version, removed_at = NULL
WHERE excluded.version > {table}.version
"""
# A removal may overtake the upsert it ends: the row then starts as removed, without a name.
_REMOVE = """
INSERT INTO {table} (org_id, {columns}, version, removed_at) VALUES ($1, {values}, $2, $3)
ON CONFLICT (org_id{key}) DO UPDATE SET version = excluded.version, removed_at = excluded.removed_at
WHERE excluded.version > {table}.version
"""
# A person may have left and come back under a new membership: the living one wins, else the latest.
#: People by their user ids; parameters: org_id, ids. The columns of a `KnownPerson`.
PEOPLE = """
SELECT DISTINCT ON (m.user_id) m.user_id AS id, m.name, m.role, m.removed_at IS NULL AS active
FROM members m WHERE m.org_id = $1 AND m.user_id = ANY($2::uuid[])
ORDER BY m.user_id, m.removed_at IS NULL DESC, m.version DESC
"""


class KnownPerson(Row, frozen=True):
    """A member of the org, or somebody who was one; `role` is None where a removal came first."""

    id: UUID
    name: str
    role: str | None
    active: bool


def upsert_statement(table: str, *columns: str, key: str = "") -> str:
    """Parameters: org_id, the columns in order, version."""
    return _UPSERT.format(
        table=table,
        columns=", ".join(columns),
        values=", ".join(f"${index}" for index in range(2, len(columns) + 2)),
        version=len(columns) + 2,
        key=f", {key}" if key else "",
        updates=", ".join(f"{column} = excluded.{column}" for column in columns if column != key),
    )


def remove_statement(table: str, key: str) -> str:
    """Parameters: org_id, version, time, the entity's id."""
    return _REMOVE.format(table=table, columns=f"{key}, name", values="$4, ''", key=f", {key}")


_UPSERT_ORG = upsert_statement("orgs", "slug", "name", "plate")
_UPSERT_MEMBER = upsert_statement("members", "member_id", "user_id", "name", "email", "role", key="member_id")
_REMOVE_ORG = _REMOVE.format(table="orgs", columns="slug, name, plate", values="'', '', 'free'", key="")
_REMOVE_MEMBER = remove_statement("members", "member_id")


async def upsert_org(connection: Connection, org: Org) -> None:
    await connection.execute(_UPSERT_ORG, org.org_id, org.slug, org.name, org.plate, org.version)


async def upsert_member(connection: Connection, member: Member) -> None:
    await connection.execute(
        _UPSERT_MEMBER,
        member.org_id,
        member.member_id,
        member.user_id,
        member.name,
        member.email,
        member.role,
        member.version,
    )


async def remove(connection: Connection, removed: Removed, now: datetime) -> None:
    """Mark an org or a member as gone; of other kinds this replica knows nothing."""
    if removed.kind is Kind.ORG:
        await connection.execute(_REMOVE_ORG, removed.org_id, removed.version, now)
    elif removed.kind is Kind.MEMBER:
        entity_id: UUID = removed.id
        await connection.execute(_REMOVE_MEMBER, removed.org_id, removed.version, now, entity_id)
