"""One patch for many tickets: every ticket in a savepoint of its own, all under one bulk id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_markdown import Rendered

from opsdash_tickets.access.policy import Access
from opsdash_tickets.errors import DomainError
from opsdash_tickets.tickets import service
from opsdash_tickets.tickets.model import Ticket


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of each ticket, in the order asked for: the ticket as it is now, or why it was refused."""

    bulk_id: UUID
    tickets: Mapping[UUID, Ticket | DomainError]


async def change_many(
    work: UnitOfWork, access: Access, ids: Sequence[UUID], fields: Mapping[str, Any], rendered: Rendered | None
) -> BulkOutcome:
    """Change each ticket, in one order for all callers so that two bulk edits cannot lock each other out."""
    bulk_id = uuid_utils.uuid7()
    done = {
        ticket_id: await _change_one(work, access, ticket_id, fields, rendered, bulk_id)
        for ticket_id in sorted(set(ids))
    }
    return BulkOutcome(bulk_id, {ticket_id: done[ticket_id] for ticket_id in ids})


async def _change_one(
    work: UnitOfWork,
    access: Access,
    ticket_id: UUID,
    fields: Mapping[str, Any],
    rendered: Rendered | None,
    bulk_id: UUID,
) -> Ticket | DomainError:
    try:
        async with work.connection.transaction():
            return await service.change_ticket(work, access, ticket_id, fields, rendered=rendered, bulk_id=bulk_id)
    except DomainError as refused:
        return refused
