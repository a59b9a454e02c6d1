"""SQL of what a ticket points to: the living objects of its org."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_only_row, to_row
from opsdash_chassis.database.row import Row

# Parameters: org_id, the ids of assignee, contact and project, the roles of those who can be assigned.
_EXISTING = """
SELECT EXISTS (
           SELECT FROM members WHERE org_id = $1 AND user_id = $2 AND removed_at IS NULL AND role = ANY($5::text[])
       ) AS assignee_id,
       EXISTS (SELECT FROM contacts WHERE org_id = $1 AND contact_id = $3 AND removed_at IS NULL) AS contact_id,
       EXISTS (SELECT FROM projects WHERE org_id = $1 AND project_id = $4 AND removed_at IS NULL) AS project_id
"""
_CONTACT_TEXTS = """
SELECT c.name, c.email, o.name AS company
FROM contacts c LEFT JOIN companies o ON o.org_id = c.org_id AND o.company_id = c.company_id
WHERE c.org_id = $1 AND c.contact_id = $2
"""


class ContactTexts(Row, frozen=True):
    """What a ticket is found by of whom it is for."""

    name: str
    email: str | None
    company: str | None


class ExistingReferences(Row, frozen=True):
    """By field, whether what it points to is there."""

    assignee_id: bool
    contact_id: bool
    project_id: bool


async def existing(
    connection: Connection, org_id: UUID, ids: Sequence[UUID | None], *, roles: Sequence[str]
) -> ExistingReferences:
    """Of the ids of assignee, contact and project."""
    return to_only_row(ExistingReferences, await connection.fetchrow(_EXISTING, org_id, *ids, roles))


async def contact_texts(connection: Connection, org_id: UUID, contact_id: UUID) -> ContactTexts | None:
    return to_row(ContactTexts, await connection.fetchrow(_CONTACT_TEXTS, org_id, contact_id))
