"""SQL of names by id, those of removed ones included. The statement names the org."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row
from opsdash_tenancy.directory_repository import PEOPLE, KnownPerson
from opsdash_tenancy.open_tenant import ReadsInTenant

from opsdash_tickets.names.entities import Company, Contact, Person, Project
from opsdash_tickets.names.model import UNKNOWN_NAME, NameIds, Names

#: Parameters: org_id, the ids of people, contacts and projects. The columns of a `NamedRow`.
NAMES = f"""
SELECT 'person' AS kind, p.id, p.name, NULL AS email, p.active, NULL::uuid AS company_id, NULL AS company_name,
       NULL::boolean AS company_active
FROM ({PEOPLE}) p
UNION ALL
SELECT 'contact', c.contact_id, c.name, c.email, c.removed_at IS NULL, o.company_id, o.name, o.removed_at IS NULL
FROM contacts c LEFT JOIN companies o ON o.org_id = c.org_id AND o.company_id = c.company_id
WHERE c.org_id = $1 AND c.contact_id = ANY($3::uuid[])
UNION ALL
SELECT 'project', p.project_id, p.name, NULL, p.removed_at IS NULL, NULL, NULL, NULL
FROM projects p WHERE p.org_id = $1 AND p.project_id = ANY($4::uuid[])
"""  # noqa: S608 - a constant


class NamedRow(Row, frozen=True):
    """A person, contact or project; only a contact has an e-mail address and may have a company.

    `company_active` says something only where there is one.
    """

    kind: str
    id: UUID
    name: str
    email: str | None
    active: bool
    company_id: UUID | None
    company_name: str | None
    company_active: bool | None


async def look_up(names: Names, *, reader: ReadsInTenant, wanted: NameIds) -> bool:
    """Add those of the wanted names that are missing; whether there were any."""
    missing = names.missing(wanted)
    if missing is None:
        return False
    add(names, missing, await reader.fetch(NamedRow, NAMES, *_parameters(missing)))
    return True


async def people(connection: Connection, org_id: UUID, ids: Sequence[UUID]) -> list[Person]:
    """Those whom the org has or had."""
    rows = to_rows(KnownPerson, await connection.fetch(PEOPLE, org_id, ids))
    return [Person(id=row.id, name=row.name or UNKNOWN_NAME, active=row.active) for row in rows]


def _parameters(wanted: NameIds) -> tuple[list[UUID | None], ...]:
    return list(wanted.people), list(wanted.contacts), list(wanted.projects)


def add(names: Names, missing: NameIds, found: Iterable[NamedRow]) -> None:
    """What was found of what is missing; the rest is known as not there."""
    names.people.update(dict.fromkeys(missing.people))
    names.contacts.update(dict.fromkeys(missing.contacts))
    names.projects.update(dict.fromkeys(missing.projects))
    for row in found:
        if row.kind == "person":
            names.people[row.id] = Person(id=row.id, name=row.name or UNKNOWN_NAME, active=row.active)
        elif row.kind == "contact":
            names.contacts[row.id] = _contact(row)
        else:
            names.projects[row.id] = Project(id=row.id, name=row.name, active=row.active)


def _contact(row: NamedRow) -> Contact:
    company = None
    if row.company_id is not None and row.company_name is not None:
        company = Company(id=row.company_id, name=row.company_name, active=bool(row.company_active))
    return Contact(id=row.id, name=row.name, email=row.email, active=row.active, company=company)
