"""SQL of the workspace directory replica: last writer wins by the version OpsDash gives."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_contracts.workspace import Company, Contact, Kind, Plate, Project, Removed
from opsdash_tenancy.directory_repository import remove as remove_tenant_entity
from opsdash_tenancy.directory_repository import (
    remove_statement,
    upsert_member,
    upsert_org,
    upsert_statement,
)

__all__ = [
    "plate_of",
    "remove",
    "upsert_company",
    "upsert_contact",
    "upsert_member",
    "upsert_org",
    "upsert_project",
    "user_of",
]

_PLATE_OF = "SELECT plate FROM orgs WHERE org_id = $1 FOR UPDATE"
_USER_OF = "SELECT user_id FROM members WHERE org_id = $1 AND member_id = $2"
_UPSERT_CONTACT = upsert_statement("contacts", "contact_id", "name", "email", "company_id", key="contact_id")
_UPSERT_COMPANY = upsert_statement("companies", "company_id", "name", key="company_id")
_UPSERT_PROJECT = upsert_statement("projects", "project_id", "name", key="project_id")
_REMOVES = {
    Kind.CONTACT: remove_statement("contacts", "contact_id"),
    Kind.COMPANY: remove_statement("companies", "company_id"),
    Kind.PROJECT: remove_statement("projects", "project_id"),
}


async def plate_of(connection: Connection, org_id: UUID) -> Plate | None:
    """The plate before the event in hand; None for an org not seen yet."""
    plate = await connection.fetchval(_PLATE_OF, org_id)
    return None if plate is None else Plate(plate)


async def user_of(connection: Connection, org_id: UUID, member_id: UUID) -> UUID | None:
    user_id: UUID | None = await connection.fetchval(_USER_OF, org_id, member_id)
    return user_id


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
    statement = _REMOVES.get(removed.kind)
    if statement is None:
        await remove_tenant_entity(connection, removed, now)
        return
    entity_id: UUID = removed.id
    await connection.execute(statement, removed.org_id, removed.version, now, entity_id)
