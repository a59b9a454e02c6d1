"""Handlers of the SLA monitor's events: who is to be told now, and of what owners and admins are told if it lasts."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import sla
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaEvent, SlaNotice

from opsdash_notifications.escalation import service
from opsdash_notifications.inbox.consumers import apply_sla
from opsdash_notifications.ledger.model import Source


async def apply_breach(work: UnitOfWork, event: Event[SlaNotice]) -> None:
    """The breach is locked before the rows of the inboxes, as whoever escalates it locks them."""
    envelope, notice = event.envelope, event.data
    source = Source(notice.org_id, envelope.id, envelope.time, notice.ticket_id, notice.number)
    await service.begin(work, source, replayed=envelope.replayed)
    await apply_sla(work, event)


async def end_breach(work: UnitOfWork, event: Event[SlaEvent]) -> None:
    await service.end(work, event.data.org_id, event.data.ticket_id)


SLA_HANDLERS: dict[str, Handler] = {
    sla.WARNING: apply_sla,
    sla.BREACHED: apply_breach,
    **dict.fromkeys((sla.SCHEDULED, sla.RESCHEDULED, sla.CANCELLED, sla.MET, sla.MISSED), end_breach),
}
