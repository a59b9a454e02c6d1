"""What can be done with tickets: each function takes an open unit of work and returns a result; it never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets as events
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_markdown import Rendered
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_tickets.access.policy import Access
from opsdash_tickets.errors import (
    NotFound,
)
from opsdash_tickets.plate_usage import service as plate_usage
from opsdash_tickets.tickets import due_times, model, references, repository
from opsdash_tickets.tickets.events import ticket_event
from opsdash_tickets.tickets.found_by import found_by
from opsdash_tickets.tickets.index_model import SOURCES
from opsdash_tickets.tickets.model import Change, Ticket
from opsdash_tickets.tickets.rows import DetailedTicket


async def change_ticket(
    work: UnitOfWork,
    access: Access,
    reference: UUID | int,
    fields: Mapping[str, Any],
    *,
    rendered: Rendered | None = None,
    if_match: ExpectedVersions = None,
    bulk_id: UUID | None = None,
) -> Ticket:
    """Apply a merge patch; a no-op changes nothing. `rendered` is its description as HTML, if it has one.

    Raises NotFound, StaleVersion, InvalidFields, InvalidTransition or TicketFinished.
    """
    before = await lock_ticket(work, access, reference, if_match=if_match)
    after = model.patched(before, fields, actor_id=access.user_id, now=work.now)
    if after.sla_due_at != before.sla_due_at:
        due_times.check_due(after.sla_due_at, work.now)
    changes = model.changes_between(before, after)
    if not changes:
        return before
    changed = {field: changes[field].after for field in references.FIELDS if field in changes}
    await references.check(work, access, changed)
    return await save_change(work, access, before, after, rendered=rendered, bulk_id=bulk_id)


async def save_change(
    work: UnitOfWork,
    access: Access,
    before: Ticket,
    after: Ticket,
    *,
    rendered: Rendered | None = None,
    bulk_id: UUID | None = None,
) -> Ticket:
    """Store the changed ticket as its next version."""
    after = replace(after, version=before.version + 1, updated_at=work.now)
    changes = model.changes_between(before, after)
    event = _event(work, access, events.UPDATED, after, changes, bulk_id=bulk_id)
    words = None
    if not changes.keys().isdisjoint(SOURCES):
        words = await found_by(work, access.org_id, after.title, after.description, after.contact_id)
    await repository.update(work, after, event, rendered, words)
    return after


async def delete_ticket(work: UnitOfWork, access: Access, reference: UUID | int, *, if_match: ExpectedVersions) -> None:
    """Take the ticket out of lists, search, counts and cap; its history stays. Raises NotFound or StaleVersion."""
    before = await lock_ticket(work, access, reference, if_match=if_match)
    after = replace(before, deleted_at=work.now, updated_at=work.now, version=before.version + 1)
    event = _event(work, access, events.DELETED, after, model.changes_between(before, after))
    await repository.update(work, after, event)
    await plate_usage.free_slot(work, access.org_id)


async def restore_ticket(work: UnitOfWork, access: Access, reference: UUID | int) -> Ticket:
    """Bring a deleted ticket back, if the plate has room; an assignee who left meanwhile is not brought back.

    Raises NotFound (unknown, living, or deleted more than 30 days ago) or PlateLimitReached.
    """
    before = await repository.lock_deleted(work.connection, access.org_id, reference, days=model.RESTORE_DAYS)
    if before is None:
        raise NotFound
    await plate_usage.take_slot(work, access)
    after = replace(before, deleted_at=None, updated_at=work.now, version=before.version + 1)
    if await references.missing(work, access, {"assignee_id": before.assignee_id}):
        after = replace(after, assignee_id=None)
    event = _event(work, access, events.RESTORED, after, model.changes_between(before, after))
    await repository.update(work, after, event)
    return after


async def ticket_detail(work: UnitOfWork, access: Access, reference: UUID | int) -> DetailedTicket:
    """Raises NotFound."""
    row = await repository.detail(work.connection, access.org_id, reference)
    if row is None:
        raise NotFound
    return row


async def lock_ticket(work: UnitOfWork, access: Access, reference: UUID | int, *, if_match: ExpectedVersions) -> Ticket:
    """The living ticket, locked. Raises NotFound or StaleVersion."""
    ticket = await repository.lock(work.connection, access.org_id, reference)
    if ticket is None:
        raise NotFound
    check_version(ticket.version, if_match)
    return ticket


def _event(
    work: UnitOfWork,
    access: Access,
    event_type: str,
    ticket: Ticket,
    changes: Mapping[str, Change],
    *,
    bulk_id: UUID | None = None,
) -> Event[TicketEvent]:
    return ticket_event(event_type, ticket, changes=changes, actor_id=access.user_id, now=work.now, bulk_id=bulk_id)
