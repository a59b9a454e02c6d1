"""What happens to tickets without a person acting: who may not be assigned any more, what was deleted, older HTML."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_contracts import tickets as events
from opsdash_markdown import Rendered, outdated

from opsdash_tickets.retention import repository
from opsdash_tickets.tickets import model
from opsdash_tickets.tickets import repository as tickets_repository
from opsdash_tickets.tickets.events import ticket_event
from opsdash_tickets.tickets.model import Change, Ticket

PURGE_BATCH = 50


async def unassign_unless_assignable(work: UnitOfWork, org_id: UUID, user_id: UUID) -> int:
    """Take every living ticket off a person who has left the org or only reads there; returns how many."""
    if await repository.is_assignable(work.connection, org_id, user_id):
        return 0
    tickets = await repository.lock_assigned(work.connection, org_id, user_id)
    for before in tickets:
        after = replace(before, assignee_id=None, updated_at=work.now, version=before.version + 1)
        await _store(work, events.UPDATED, after, model.changes_between(before, after))
    return len(tickets)


async def purge_expired(database: Database) -> int:
    """Remove the text of tickets deleted more than 30 days ago, batch by batch; returns how many."""
    purged = 0
    while True:
        async with worker_unit_of_work(database) as work:
            tickets = await repository.lock_expired(work.connection, days=model.RESTORE_DAYS, limit=PURGE_BATCH)
            for ticket in tickets:
                await _purge(work, ticket)
        purged += len(tickets)
        if len(tickets) < PURGE_BATCH:
            return purged


async def _purge(work: UnitOfWork, ticket: Ticket) -> None:
    """The history keeps its skeleton: who did what when, without what was written."""
    empty = replace(ticket, title="", description="", updated_at=work.now, version=ticket.version + 1)
    await repository.redact_history(work.connection, ticket.org_id, ticket.id)
    await repository.mark_purged(work.connection, ticket.org_id, ticket.id)
    await _store(work, events.PURGED, empty, {}, Rendered("", markdown.VERSION))


async def _store(
    work: UnitOfWork, event_type: str, after: Ticket, changes: dict[str, Change], rendered: Rendered | None = None
) -> None:
    event = ticket_event(event_type, after, changes=changes, actor_id=None, now=work.now)
    await tickets_repository.update(work, after, event, rendered, None if after.title else "")


async def render_outdated(database: Database) -> int:
    """Render descriptions that were stored by older rules, or as typed under load; returns how many."""
    return await outdated.render_outdated(database.worker_transaction, repository.outdated, repository.store_html)
