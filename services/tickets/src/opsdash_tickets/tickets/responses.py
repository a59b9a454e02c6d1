"""Answers with a ticket and its version as ETag, and with what became of each ticket of a bulk change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import opsdash_markdown as markdown
from litestar import Response
from msgspec import structs
from opsdash_chassis.database.unit_of_work import UnitOfWork

from opsdash_tickets.access.policy import Access
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.errors import DomainError
from opsdash_tickets.names.model import Names
from opsdash_tickets.problems import PROBLEMS
from opsdash_tickets.tickets import model, service
from opsdash_tickets.tickets.bulk import BulkOutcome
from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.presenters import ticket_row
from opsdash_tickets.tickets.rows import DetailedTicket, named_by
from opsdash_tickets.tickets.schemas import BulkItem, BulkResult, ItemError, TicketDetail


async def detail_answer(
    org: RequestScope, work: UnitOfWork, access: Access, reference: UUID | int
) -> Response[TicketDetail]:
    """The ticket as it is in this transaction, with its version as ETag."""
    row = await service.ticket_detail(work, access, reference)
    return await detail_response(row, await org.names_in(work, named_by([row], row.updated_by)), access, work.now)


async def detail_response(
    row: DetailedTicket, names: Names, access: Access, now: datetime, *, status: int = 200, located: bool = False
) -> Response[TicketDetail]:
    """A row of the detail view, as it is answered. HTML by other rules than today's is made anew, within a deadline."""
    shown = ticket_row(row, names, now)
    html = row.description_html
    detail = TicketDetail(
        **structs.asdict(shown),
        description=row.description,
        description_html=(await markdown.render_soon(row.description)).html if html is None else html,
        updated_by=None if row.updated_by is None else names.person(row.updated_by),
        allowed_statuses=model.allowed_statuses(shown.status),
        permissions=access.permissions,
    )
    headers = {"ETag": f'"{detail.version}"'}
    if located:
        headers["Location"] = f"/api/orgs/{access.slug}/tickets/{detail.id}"
    return Response(detail, status_code=status, headers=headers)


def bulk_result(done: BulkOutcome) -> BulkResult:
    return BulkResult(bulk_id=done.bulk_id, items=[_bulk_item(*item) for item in done.tickets.items()])


def _bulk_item(ticket_id: UUID, result: Ticket | DomainError) -> BulkItem:
    if isinstance(result, Ticket):
        return BulkItem(id=ticket_id, status=200, version=result.version, error=None)
    problem = PROBLEMS[type(result)](result)
    error = ItemError(type=f"/problems/{problem.code}", detail=problem.detail, errors=problem.errors)
    return BulkItem(id=ticket_id, status=problem.status, version=None, error=error)
