"""SQL of what surrounds the list: pickers and insights. Every statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_only_row, to_row, to_rows
from opsdash_chassis.database.row import Row

from opsdash_tickets.names.entities import Company
from opsdash_tickets.tickets.predicates import ACTIVE, BREACHED, DUE_SOON

# Each word is matched anywhere in the name, literally: position() knows no wildcards. A new name is folded soon.
_MATCHES = """
($2::text[] IS NULL OR (SELECT bool_and(position(word IN coalesce(e.folded, lower(e.name))) > 0) FROM unnest($2) word))
"""
_BY_NAME = "ORDER BY lower(e.name), 1 LIMIT $3"
_MEMBERS = f"""
SELECT e.user_id AS id, e.name, e.email, e.role FROM members e
WHERE e.org_id = $1 AND e.removed_at IS NULL AND {_MATCHES} {_BY_NAME}"""  # noqa: S608 - our own texts
_CONTACTS = f"""
SELECT e.contact_id AS id, e.name, e.email, e.company_id, o.name AS company_name, o.removed_at IS NULL AS company_active
FROM contacts e LEFT JOIN companies o ON o.org_id = e.org_id AND o.company_id = e.company_id
WHERE e.org_id = $1 AND e.removed_at IS NULL AND {_MATCHES} {_BY_NAME}"""  # noqa: S608 - texts of this module
_COMPANIES = f"""
SELECT e.company_id AS id, e.name FROM companies e
WHERE e.org_id = $1 AND e.removed_at IS NULL AND {_MATCHES} {_BY_NAME}"""  # noqa: S608 - texts of this module
_PROJECTS = f"""
SELECT e.project_id AS id, e.name FROM projects e
WHERE e.org_id = $1 AND e.removed_at IS NULL AND {_MATCHES} {_BY_NAME}"""  # noqa: S608 - texts of this module
# The membership is the one through which the org was opened.
_SUPPORT = """
SELECT m.member_id, o.name, coalesce(c.living_tickets, 0) AS used
FROM members m JOIN orgs o ON o.org_id = m.org_id LEFT JOIN org_counters c ON c.org_id = m.org_id
WHERE m.org_id = $1 AND m.user_id = $2 AND m.removed_at IS NULL ORDER BY m.version DESC LIMIT 1
"""
_INSIGHTS = f"""
SELECT count(*) AS open,
       count(*) FILTER (WHERE {BREACHED}) AS overdue,
       count(*) FILTER (WHERE {DUE_SOON}) AS due_soon,
       count(*) FILTER (WHERE {DUE_SOON} AND t.sla_due_at < now() + interval '4 hours') AS due_in_4_hours,
       count(*) FILTER (WHERE t.assignee_id IS NULL) AS unassigned,
       count(*) FILTER (WHERE t.priority = 'urgent') AS urgent,
       count(*) FILTER (WHERE t.priority = 'high') AS high,
       count(*) FILTER (WHERE t.priority = 'medium') AS medium,
       count(*) FILTER (WHERE t.priority = 'low') AS low
FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL AND {ACTIVE}
"""  # noqa: S608 - texts of this module
_VIEWS = f"""
SELECT count(*) AS active,
       count(*) FILTER (WHERE t.assignee_id = $2) AS mine,
       count(*) FILTER (WHERE t.assignee_id IS NULL) AS unassigned,
       count(*) FILTER (WHERE {BREACHED}) AS overdue
FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL AND {ACTIVE}
"""  # noqa: S608 - texts of this module
_MOST_OVERDUE = f"""
SELECT t.id, t.number, t.title, t.priority, t.sla_due_at FROM tickets t
WHERE t.org_id = $1 AND t.deleted_at IS NULL AND {BREACHED}
ORDER BY t.sla_due_at, t.id LIMIT 5
"""  # noqa: S608 - texts of this module


#: Folded words, all of which a name must have; None for any name.
Words: TypeAlias = Sequence[str] | None


class PickedMember(Row, frozen=True):
    """A member whose name holds the words."""

    id: UUID
    name: str
    email: str | None
    role: str


class PickedContact(Row, frozen=True):
    """A contact, with the company where there is one; `company_active` says something only then."""

    id: UUID
    name: str
    email: str | None
    company_id: UUID | None
    company_name: str | None
    company_active: bool

    @property
    def company(self) -> Company | None:
        if self.company_id is None or self.company_name is None:
            return None
        return Company(id=self.company_id, name=self.company_name, active=self.company_active)


class PickedEntity(Row, frozen=True):
    """A company or a project."""

    id: UUID
    name: str


class Membership(Row, frozen=True):
    """A member's own, with the name of the org and how many of its plate's tickets are used."""

    member_id: UUID
    name: str
    used: int


class InsightCounts(Row, frozen=True):
    """Counts of active tickets; the last four by priority."""

    open: int
    overdue: int
    due_soon: int
    due_in_4_hours: int
    unassigned: int
    urgent: int
    high: int
    medium: int
    low: int


class ViewCounts(Row, frozen=True):
    """Counts of active tickets by preset view."""

    active: int
    mine: int
    unassigned: int
    overdue: int


class MostOverdue(Row, frozen=True):
    """A ticket that is overdue."""

    id: UUID
    number: int
    title: str
    priority: str
    sla_due_at: datetime


async def members(connection: Connection, org_id: UUID, words: Words, limit: int) -> list[PickedMember]:
    """Living members whose name holds the words, by name; None holds in every name."""
    return to_rows(PickedMember, await connection.fetch(_MEMBERS, org_id, words, limit))


async def contacts(connection: Connection, org_id: UUID, words: Words, limit: int) -> list[PickedContact]:
    return to_rows(PickedContact, await connection.fetch(_CONTACTS, org_id, words, limit))


async def companies(connection: Connection, org_id: UUID, words: Words, limit: int) -> list[PickedEntity]:
    return to_rows(PickedEntity, await connection.fetch(_COMPANIES, org_id, words, limit))


async def projects(connection: Connection, org_id: UUID, words: Words, limit: int) -> list[PickedEntity]:
    return to_rows(PickedEntity, await connection.fetch(_PROJECTS, org_id, words, limit))


async def support(connection: Connection, org_id: UUID, user_id: UUID) -> Membership | None:
    """None when the membership has ended since the org was opened."""
    return to_row(Membership, await connection.fetchrow(_SUPPORT, org_id, user_id))


async def insights(connection: Connection, org_id: UUID) -> InsightCounts:
    return to_only_row(InsightCounts, await connection.fetchrow(_INSIGHTS, org_id))


async def views(connection: Connection, org_id: UUID, user_id: UUID) -> ViewCounts:
    """Counts of the active tickets, from the index of the active ones alone."""
    return to_only_row(ViewCounts, await connection.fetchrow(_VIEWS, org_id, user_id))


async def most_overdue(connection: Connection, org_id: UUID) -> list[MostOverdue]:
    return to_rows(MostOverdue, await connection.fetch(_MOST_OVERDUE, org_id))
