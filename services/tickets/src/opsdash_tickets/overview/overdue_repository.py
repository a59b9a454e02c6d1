"""SQL of what is overdue and a member's to look after. The statement names the org."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

from opsdash_tickets.tickets.predicates import BREACHED

MOST: Final = 25
# Whoever is told of a breach: the assignee, or, where there is none who is still a member, those who look after all.
_OVERDUE = f"""
SELECT t.number, t.title, t.sla_due_at AS due_at, count(*) OVER () AS found FROM tickets t
WHERE t.org_id = $1 AND t.deleted_at IS NULL AND {BREACHED} AND (
    t.assignee_id = $2
    OR ($3 AND NOT EXISTS (
        SELECT FROM members m WHERE m.org_id = $1 AND m.user_id = t.assignee_id AND m.removed_at IS NULL
    ))
)
ORDER BY t.sla_due_at, t.id LIMIT {MOST}
"""  # noqa: S608 - texts of ours


class OverdueTicket(Row, frozen=True):
    """One that is late; `found` is how many there are in all."""

    number: int
    title: str
    due_at: datetime
    found: int


async def overdue(connection: Connection, org_id: UUID, user_id: UUID, *, unassigned: bool) -> list[OverdueTicket]:
    """The latest first: theirs, and with `unassigned` those that are nobody's."""
    return to_rows(OverdueTicket, await connection.fetch(_OVERDUE, org_id, user_id, unassigned))
