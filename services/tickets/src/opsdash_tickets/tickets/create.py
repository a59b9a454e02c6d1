"""How a ticket comes to be: under the lock of its org's counters, which give it a number and a place under the cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets as events
from opsdash_contracts.tickets import Category, Priority, SlaSource, Status
from opsdash_markdown import Rendered

from opsdash_tickets.access.policy import Access
from opsdash_tickets.plate_usage import service as plate_usage
from opsdash_tickets.tickets import create_repository, due_times, model, references
from opsdash_tickets.tickets.events import ticket_event
from opsdash_tickets.tickets.found_by import found_by
from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.references import References
from opsdash_tickets.tickets.rows import DetailedTicket


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket as asked for, its description as HTML too; `sla_due_at` None lets the priority decide."""

    title: str
    description: str
    rendered: Rendered
    status: Status
    priority: Priority
    category: Category
    assignee_id: UUID | None
    contact_id: UUID | None
    project_id: UUID | None
    sla_due_at: datetime | None

    @property
    def references(self) -> References:
        return {field: getattr(self, field) for field in references.FIELDS}


async def create_ticket(work: UnitOfWork, access: Access, new: NewTicket) -> DetailedTicket:
    """Give the ticket its number, due time and first version, in an open transaction; its detail view.

    Raises InvalidFields or PlateLimitReached.
    """
    due_times.check_due(new.sla_due_at, work.now)
    await references.check(work, access, new.references)
    words = await found_by(work, access.org_id, new.title, new.description, new.contact_id)
    counters = await plate_usage.take_slot(work, access, new_number=True)
    ticket = _first_version(work, access, new, counters.last_number)
    event = ticket_event(events.CREATED, ticket, changes={}, actor_id=access.user_id, now=work.now)
    return await create_repository.insert(work, ticket, new.rendered, words, event)


def _first_version(work: UnitOfWork, access: Access, new: NewTicket, number: int) -> Ticket:
    due = new.sla_due_at or due_times.due_at(work.now, new.priority)
    return Ticket(
        id=uuid_utils.uuid7(),
        org_id=access.org_id,
        number=number,
        title=new.title,
        description=new.description,
        status=new.status,
        priority=new.priority,
        category=new.category,
        assignee_id=new.assignee_id,
        contact_id=new.contact_id,
        project_id=new.project_id,
        sla_due_at=due,
        sla_source=SlaSource.MANUAL if new.sla_due_at else SlaSource.AUTO,
        first_response_at=None,
        reopen_count=0,
        comment_count=0,
        created_by=access.user_id,
        created_at=work.now,
        updated_at=work.now,
        deleted_at=None,
        version=1,
        **model.stamps_at_creation(new.status, due, work.now),
    )
