"""One patch for many tickets: every ticket in a savepoint of its own, all under one bulk id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.text.markdown import Rendered

from opsdash_tickets import use_cases
from opsdash_tickets.access.policy import Access
from opsdash_tickets.errors import Refused
from opsdash_tickets.problems import PROBLEMS
from opsdash_tickets.schemas import BulkItem, BulkResult, ItemError


async def change_many(
    work: UnitOfWork, access: Access, ids: Sequence[UUID], fields: Mapping[str, Any], rendered: Rendered | None
) -> BulkResult:
    """Change each ticket, in one order for all callers so that two bulk edits cannot lock each other out."""
    bulk_id = uuid_utils.uuid7()
    done = {
        ticket_id: await _change_one(work, access, ticket_id, fields, rendered, bulk_id)
        for ticket_id in sorted(set(ids))
    }
    return BulkResult(bulk_id=bulk_id, items=[done[ticket_id] for ticket_id in dict.fromkeys(ids)])


async def _change_one(
    work: UnitOfWork,
    access: Access,
    ticket_id: UUID,
    fields: Mapping[str, Any],
    rendered: Rendered | None,
    bulk_id: UUID,
) -> BulkItem:
    try:
        async with work.connection.transaction():
            ticket = await use_cases.change_ticket(work, access, ticket_id, fields, rendered=rendered, bulk_id=bulk_id)
    except Refused as refused:
        problem = PROBLEMS[type(refused)](refused)
        error = ItemError(type=f"/problems/{problem.code}", detail=problem.detail, errors=problem.errors)
        return BulkItem(id=ticket_id, status=problem.status, version=None, error=error)
    return BulkItem(id=ticket_id, status=200, version=ticket.version, error=None)
