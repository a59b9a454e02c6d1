"""A ticket with a due time and its new deadline, for the rules of the SLA monitor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from opsdash_contracts.tickets import Priority, SlaSource, Status
from opsdash_sla_monitor.deadlines.model import TicketState, unknown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICKET = TicketState(
    org_id=UUID(int=1), ticket_id=UUID(int=2), number=1, version=1, status=Status.OPEN, priority=Priority.MEDIUM,
    assignee_id=None, created_by=UUID(int=3), created_at=NOON, updated_at=NOON, due_at=NOON + 4 * HOUR,
    sla_source=SlaSource.AUTO, resolved_at=None, deleted=False,
)  # fmt: skip
NEW = unknown(TICKET)
