"""SQL of the workspace directory replica: last writer wins by the version OpsDash gives."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database import Connection
from opsdash_contracts.workspace import Company, Contact, Kind, Member, Org, Plate, Project, Removed

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


def _upsert(table: str, *columns: str, key: str = "") -> str:
    return _UPSERT.format(
        table=table,
        columns=", ".join(columns),
        values=", ".join(f"${index}" for index in range(2, len(columns) + 2)),
        version=len(columns) + 2,
        key=f", {key}" if key else "",
        updates=", ".join(f"{column} = excluded.{column}" for column in columns if column != key),
    )


def _remove(table: str, key: str) -> str:
    return _REMOVE.format(table=table, columns=f"{key}, name", values="$4, ''", key=f", {key}")


_PLATE_OF = "SELECT plate FROM orgs WHERE org_id = $1 FOR UPDATE"
_USER_OF = "SELECT user_id FROM members WHERE org_id = $1 AND member_id = $2"
_UPSERT_ORG = _upsert("orgs", "slug", "name", "plate")
_UPSERT_MEMBER = _upsert("members", "member_id", "user_id", "name", "email", "role", key="member_id")
_UPSERT_CONTACT = _upsert("contacts", "contact_id", "name", "email", "company_id", key="contact_id")
_UPSERT_COMPANY = _upsert("companies", "company_id", "name", key="company_id")
_UPSERT_PROJECT = _upsert("projects", "project_id", "name", key="project_id")
_REMOVE_ORG = _REMOVE.format(table="orgs", columns="slug, name, plate", values="'', '', 'free'", key="")
_REMOVES = {
    Kind.MEMBER: _remove("members", "member_id"),
    Kind.CONTACT: _remove("contacts", "contact_id"),
    Kind.COMPANY: _remove("companies", "company_id"),
    Kind.PROJECT: _remove("projects", "project_id"),
}


async def plate_of(connection: Connection, org_id: UUID) -> Plate | None:
    """The plate before the event in hand; None for an org not seen yet."""
    plate = await connection.fetchval(_PLATE_OF, org_id)
    return None if plate is None else Plate(plate)


async def user_of(connection: Connection, org_id: UUID, member_id: UUID) -> UUID | None:
    user_id: UUID | None = await connection.fetchval(_USER_OF, org_id, member_id)
    return user_id


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


async def upsert_contact(connection: Connection, contact: Contact) -> None:
    await connection.execute(
        _UPSERT_CONTACT,
        contact.org_id,
        contact.contact_id,
        contact.name,
        contact.email,
        contact.company_id,
        contact.version,
    )


async def upsert_company(connection: Connection, company: Company) -> None:
    await connection.execute(_UPSERT_COMPANY, company.org_id, company.company_id, company.name, company.version)


async def upsert_project(connection: Connection, project: Project) -> None:
    await connection.execute(_UPSERT_PROJECT, project.org_id, project.project_id, project.name, project.version)


async def remove(connection: Connection, removed: Removed, now: datetime) -> None:
    if removed.kind is Kind.ORG:
        await connection.execute(_REMOVE_ORG, removed.org_id, removed.version, now)
        return
    entity_id: UUID = removed.id
    await connection.execute(_REMOVES[removed.kind], removed.org_id, removed.version, now, entity_id)
