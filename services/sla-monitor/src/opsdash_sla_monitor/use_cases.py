"""What the monitor does with one ticket: follow its versions, set it right from the owner, tell its ledger.

Each function takes an open unit of work and never commits.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import structlog
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import SLA

from opsdash_sla_monitor import metrics, model, repository
from opsdash_sla_monitor.model import Deadline, TicketState
from opsdash_sla_monitor.owner import Owner
from opsdash_sla_monitor.published import timer_event

log = structlog.get_logger(__name__)


async def follow_ticket(work: UnitOfWork, event: Event[TicketEvent], owner: Owner) -> None:
    """Apply the next version of a ticket; an older one changes nothing, after a gap the owner is asked."""
    ticket = state_of(event.data)
    before = await repository.lock(work.connection, ticket)
    if ticket.version <= before.version:
        metrics.OLD_EVENTS.inc()
        return
    # A replay sends only the last event of every ticket, which is complete: a gap before it is no loss.
    if ticket.version > before.version + 1 and not event.envelope.replayed:
        ticket = await _after_a_gap(ticket, before, owner)
    await _store(work, before, ticket, actor_id=event.envelope.actor_id)


async def repair(work: UnitOfWork, known: Deadline, owner: Owner) -> bool:
    """Take over the owner's state when its events do not come; True when that changed something.

    Raises Unavailable. A ticket its owner does not have is left alone: nothing is told about it.
    """
    before = await repository.lock_known(work.connection, known.org_id, known.ticket_id)
    ticket = await owner.state(known.org_id, known.ticket_id)
    if before is None or ticket is None:
        log.error("ticket_unknown_to_its_owner", ticket_id=str(known.ticket_id))
        return False
    if ticket.version <= before.version:
        return False
    metrics.REPAIRED.labels("missing_event").inc()
    await _store(work, before, ticket, actor_id=None)
    return True


def state_of(data: TicketEvent) -> TicketState:
    """The part of a ticket event that concerns its due time."""
    return TicketState(
        org_id=data.org_id,
        ticket_id=data.ticket_id,
        number=data.number,
        version=data.version,
        status=data.status,
        priority=data.priority,
        assignee_id=data.assignee_id,
        created_by=data.created_by,
        created_at=data.created_at,
        updated_at=data.updated_at,
        due_at=data.sla_due_at,
        sla_source=data.sla_source,
        resolved_at=data.resolved_at,
        deleted=data.deleted_at is not None,
    )


async def _after_a_gap(ticket: TicketState, before: Deadline, owner: Owner) -> TicketState:
    """The owner's state; while it does not answer the event in hand will do, for it is complete."""
    metrics.VERSION_GAPS.inc()
    log.error(
        "ticket_version_gap", ticket_id=str(ticket.ticket_id), known_version=before.version, version=ticket.version
    )
    try:
        current = await owner.state(ticket.org_id, ticket.ticket_id)
    except Unavailable as error:
        log.warning("owner_state_not_fetched", reason=error.detail)
        return ticket
    if current is None or current.version < ticket.version:
        return ticket
    metrics.REPAIRED.labels("version_gap").inc()
    return current


async def _store(work: UnitOfWork, before: Deadline, ticket: TicketState, *, actor_id: UUID | None) -> None:
    """The deadline, and one event for each thing that happened to its timer."""
    after, entries = model.follow(before, ticket)
    events = [
        timer_event(after, entry, sequence=before.sequence + count, actor_id=actor_id, now=work.now)
        for count, entry in enumerate(entries, start=1)
    ]
    await repository.save(work.connection, replace(after, sequence=before.sequence + len(entries)))
    for event in events:
        await work.record(event, topic=SLA)
