"""SQL of folding names: it crosses orgs only to find what is due, and names the org of all it touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

# Written for the partial indexes, which are of the names that are not folded. What another process has is passed over.
_LOCKED = "LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED"
_UNFOLDED_OF_ANY_ORG = f"""
SELECT 'member' AS kind, m.* FROM (SELECT org_id, member_id AS id, name FROM members WHERE folded IS NULL {_LOCKED}) m
UNION ALL
SELECT 'contact', c.* FROM (SELECT org_id, contact_id, name FROM contacts WHERE folded IS NULL {_LOCKED}) c
UNION ALL
SELECT 'company', o.* FROM (SELECT org_id, company_id, name FROM companies WHERE folded IS NULL {_LOCKED}) o
UNION ALL
SELECT 'project', p.* FROM (SELECT org_id, project_id, name FROM projects WHERE folded IS NULL {_LOCKED}) p
"""  # noqa: S608 - texts of this module
_STORE = """
UPDATE {table} e SET folded = made.folded
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS made(org_id, id, name, folded)
WHERE e.org_id = made.org_id AND e.{key} = made.id AND e.name = made.name
"""
_STORE_MEMBERS = _STORE.format(table="members", key="member_id")
_STORE_CONTACTS = _STORE.format(table="contacts", key="contact_id")
_STORE_COMPANIES = _STORE.format(table="companies", key="company_id")
_STORE_PROJECTS = _STORE.format(table="projects", key="project_id")
_STORED: Final = {
    "member": _STORE_MEMBERS,
    "contact": _STORE_CONTACTS,
    "company": _STORE_COMPANIES,
    "project": _STORE_PROJECTS,
}


class UnfoldedName(Row, frozen=True):
    """A name that pickers compare as it is written yet."""

    kind: str
    org_id: UUID
    id: UUID
    name: str


async def unfolded(connection: Connection, limit: int) -> list[UnfoldedName]:
    """Of any org, locked; `limit` of each kind."""
    return to_rows(UnfoldedName, await connection.fetch(_UNFOLDED_OF_ANY_ORG, limit))


async def store(connection: Connection, made: Sequence[tuple[UnfoldedName, str]]) -> None:
    for kind, statement in _STORED.items():
        rows = [(name.org_id, name.id, name.name, folded) for name, folded in made if name.kind == kind]
        if rows:
            await connection.execute(statement, *columns_of(rows))
