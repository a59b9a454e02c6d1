"""What the monitor does with tickets: follow their versions, set one right from the tickets service.

Each function takes an open unit of work and never commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from opsdash_chassis.consuming.handler import ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaEvent
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import SLA

from opsdash_sla_monitor.deadlines import metrics, model, repository
from opsdash_sla_monitor.deadlines.events import timer_event
from opsdash_sla_monitor.deadlines.model import Deadline, Key, TicketState
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient

log = structlog.get_logger(__name__)


async def follow_tickets(
    work: UnitOfWork, received: Sequence[ReceivedEvent[TicketEvent]], tickets_client: TicketsClient
) -> None:
    """Apply the next versions of tickets; an older one changes nothing, after a gap the tickets service is asked.

    It is asked before anything is locked: versions only grow, so what is no gap then is none afterwards.
    """
    versions = [(item, state_of(item.event.data)) for item in received]
    keys = [ticket.key for _, ticket in versions]
    newest = await _behind_gaps(versions, await repository.known_versions(work.connection, keys), tickets_client)
    known = await repository.lock_all(work.connection, keys)
    changed: dict[Key, Deadline] = {}
    recorded: list[Event[SlaEvent]] = []
    for item, reported in versions:
        ticket = newest.get(item.event.envelope.id, reported)
        before = changed.get(ticket.key) or known.get(ticket.key) or model.unknown(ticket)
        if ticket.version <= before.version:
            metrics.OLD_EVENTS.inc()
            continue
        with item.span():
            changed[ticket.key], events = _followed(before, ticket, item.event.envelope.actor_id, work.now)
        recorded += events
    await _store(work, list(changed.values()), recorded)


async def repair(work: UnitOfWork, known: Deadline, ticket: TicketState | None) -> bool:
    """Take over the tickets service's state of a ticket when its events do not come; True when that changed something.

    A ticket the tickets service does not have is left alone: nobody is notified.
    """
    before = (await repository.lock_all(work.connection, [known.key])).get(known.key)
    if before is None or ticket is None:
        log.error("ticket_unknown_to_its_owner", ticket_id=str(known.ticket_id))
        return False
    if ticket.version <= before.version:
        return False
    metrics.REPAIRED.labels("missing_event").inc()
    after, events = _followed(before, ticket, None, work.now)
    await _store(work, [after], events)
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


async def _behind_gaps(
    versions: Sequence[tuple[ReceivedEvent[TicketEvent], TicketState]],
    known: Mapping[Key, int],
    tickets_client: TicketsClient,
) -> dict[UUID, TicketState]:
    """By event id, the states to go by in place of what events tell that come after a gap."""
    found: dict[UUID, TicketState] = {}
    reached = dict(known)
    for item, ticket in versions:
        before = reached.get(ticket.key, 0)
        if ticket.version <= before:
            continue
        reached[ticket.key] = ticket.version
        # A replay sends only the last event of every ticket, which is complete: a gap before it is no loss.
        if ticket.version > before + 1 and not item.event.envelope.replayed:
            with item.span():
                newest = await _newest(ticket, before, tickets_client)
            found[item.event.envelope.id] = newest
            reached[ticket.key] = newest.version
    return found


async def _newest(ticket: TicketState, known_version: int, tickets_client: TicketsClient) -> TicketState:
    """The tickets service's state, and while it does not answer what the event told."""
    metrics.VERSION_GAPS.inc()
    log.error(
        "ticket_version_gap", ticket_id=str(ticket.ticket_id), known_version=known_version, version=ticket.version
    )
    try:
        current = await tickets_client.state(ticket.org_id, ticket.ticket_id)
    except Unavailable as error:
        log.warning("owner_state_not_fetched", reason=error.detail)
        return ticket
    if current is None or current.version < ticket.version:
        return ticket
    metrics.REPAIRED.labels("version_gap").inc()
    return current


def _followed(
    before: Deadline, ticket: TicketState, actor_id: UUID | None, now: datetime
) -> tuple[Deadline, list[Event[SlaEvent]]]:
    """The deadline after a newer version of its ticket, and one event for each thing that happened to its timer."""
    after, entries = model.follow(before, ticket)
    events = [
        timer_event(after, entry, sequence=before.sequence + count, actor_id=actor_id, now=now)
        for count, entry in enumerate(entries, start=1)
    ]
    return replace(after, sequence=before.sequence + len(entries)), events


async def _store(work: UnitOfWork, deadlines: Sequence[Deadline], events: Sequence[Event[SlaEvent]]) -> None:
    if deadlines:
        await repository.save_all(work.connection, deadlines)
    await work.append_events(events, topic=SLA)
