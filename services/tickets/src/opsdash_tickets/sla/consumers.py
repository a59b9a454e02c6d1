"""Handlers of the SLA monitor's notices."""

from __future__ import annotations

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaNotice

from opsdash_tickets.sla import repository


async def stamp_breach(work: UnitOfWork, event: Event[SlaNotice]) -> None:
    """For display only: whether a ticket is overdue is always asked of its due time."""
    notice = event.data
    await repository.stamp_breach(work.connection, notice.org_id, notice.ticket_id, notice.detected_at)
