"""SQL of what a ticket points to: the living objects of its org, by name."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_only_row
from opsdash_chassis.database.row import Row

# One row, with nothing in it where there is no such living object. Parameters: org_id, the ids of assignee, contact and
# project, the roles of those who can be assigned.
NAMES = """
SELECT a.name AS assignee_name, c.name AS contact_name, c.email AS contact_email, c.company_id,
       co.name AS company_name, co.active AS company_active, p.name AS project_name
FROM (SELECT) AS asked
LEFT JOIN LATERAL (
    SELECT name FROM members
    WHERE org_id = $1 AND user_id = $2 AND removed_at IS NULL AND role = ANY($5::text[])
    ORDER BY version DESC LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT name, email, company_id FROM contacts WHERE org_id = $1 AND contact_id = $3 AND removed_at IS NULL OFFSET 0
) c ON true
LEFT JOIN LATERAL (
    SELECT name, removed_at IS NULL AS active FROM companies WHERE org_id = $1 AND company_id = c.company_id OFFSET 0
) co ON true
LEFT JOIN LATERAL (
    SELECT name FROM projects WHERE org_id = $1 AND project_id = $4 AND removed_at IS NULL OFFSET 0
) p ON true
"""


class ReferenceNames(Row, frozen=True):
    """What NAMES finds."""

    assignee_name: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    company_id: UUID | None = None
    company_name: str | None = None
    company_active: bool | None = None
    project_name: str | None = None


async def names(connection: Connection, org_id: UUID, *asked: object) -> ReferenceNames:
    return to_only_row(ReferenceNames, await connection.fetchrow(NAMES, org_id, *asked))
