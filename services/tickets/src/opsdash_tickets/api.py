"""The HTTP edge: opens the unit of work, calls one use case, commits by leaving, answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from opsdash_chassis.cursors import Cursors, InvalidCursor
from opsdash_chassis.database import Database
from opsdash_chassis.http.tokens import Caller
from opsdash_chassis.unit_of_work import UnitOfWork

from opsdash_tickets import repository, use_cases
from opsdash_tickets.model import Access, Action
from opsdash_tickets.schemas import (
    CreateTicket,
    Me,
    Membership,
    PatchTicket,
    TicketDetail,
    TicketPage,
    TicketRow,
    ticket_fields,
)
from opsdash_tickets.values import expected_version, ticket_reference

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="Refuse if the version is another one")]
Limit = Annotated[int, QueryParameter(ge=1, le=100)]
Cursor = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]


@asynccontextmanager
async def org_work(
    database: Database, caller: Caller, slug: str, action: Action
) -> AsyncIterator[tuple[UnitOfWork, Access]]:
    """A transaction inside the org, if the caller may do that there; committed when the block ends without error."""
    async with database.tenant_transaction() as connection:
        yield await use_cases.enter(connection, slug=slug, user_id=caller.user_id, action=action)


@get("/me", operation_id="getMe", tags=["me"])
async def get_me(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> Me:
    """The caller and the orgs they belong to."""
    async with database.tenant_transaction() as connection:
        rows = await repository.orgs_of_user(connection, caller.user_id)
    orgs = [Membership(**{"id" if name == "org_id" else name: value for name, value in row.items()}) for row in rows]
    return Me(user_id=caller.user_id, orgs=orgs)


@get("/", operation_id="listTickets")
async def list_tickets(
    slug: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    cursors: NamedDependency[Cursors],
    limit: Limit = 25,
    cursor: Cursor = None,
) -> TicketPage:
    """Living tickets, newest first."""
    async with org_work(database, caller, slug, Action.READ) as (work, access):
        scope = f"{access.org_id}|tickets|-created_at"
        after = None if cursor is None else _position(cursors.decode(cursor, scope=scope))
        rows = await repository.page(work.connection, access.org_id, after=after, limit=limit + 1)
    items = [TicketRow(**ticket_fields(row, work.now)) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    position = None if last is None else cursors.encode([last.created_at.isoformat(), str(last.id)], scope=scope)
    return TicketPage(items=items, next_cursor=position)


@post("/", operation_id="createTicket")
async def create_ticket(
    slug: FromPath[str],
    data: JSONBody[CreateTicket],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[TicketDetail]:
    """Create a ticket; its SLA due time comes from the priority unless one is given."""
    async with org_work(database, caller, slug, Action.WRITE) as (work, access):
        ticket = await use_cases.create_ticket(work, access, data.to_new_ticket())
        detail = await _detail(work, access, ticket.id)
    return _with_version(detail, status=201, location=f"/api/orgs/{access.slug}/tickets/{detail.id}")


@get("/{reference:str}", operation_id="getTicket")
async def get_ticket(
    slug: FromPath[str],
    reference: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[TicketDetail]:
    """One ticket, by id or by number."""
    async with org_work(database, caller, slug, Action.READ) as (work, access):
        detail = await _detail(work, access, ticket_reference(reference))
    return _with_version(detail)


@patch("/{reference:str}", operation_id="patchTicket")
async def patch_ticket(
    slug: FromPath[str],
    reference: FromPath[str],
    data: JSONBody[PatchTicket],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    if_match: IfMatch = None,
) -> Response[TicketDetail]:
    """Change fields; what changes nothing keeps the version and sends no event."""
    async with org_work(database, caller, slug, Action.WRITE) as (work, access):
        ticket = await use_cases.change_ticket(
            work, access, ticket_reference(reference), data.to_fields(), if_match=expected_version(if_match)
        )
        detail = await _detail(work, access, ticket.id)
    return _with_version(detail)


@delete("/{reference:str}", operation_id="deleteTicket")
async def delete_ticket(
    slug: FromPath[str],
    reference: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    if_match: IfMatch = None,
) -> None:
    """Take the ticket out of every list; it can be restored for 30 days."""
    async with org_work(database, caller, slug, Action.DELETE) as (work, access):
        await use_cases.delete_ticket(work, access, ticket_reference(reference), if_match=expected_version(if_match))


async def _detail(work: UnitOfWork, access: Access, reference: UUID | int) -> TicketDetail:
    row = await use_cases.ticket_detail(work, access, reference)
    return TicketDetail(**ticket_fields(row, work.now), description=row["description"])


def _with_version(detail: TicketDetail, *, status: int = 200, location: str | None = None) -> Response[TicketDetail]:
    headers = {"ETag": f'"{detail.version}"'}
    if location:
        headers["Location"] = location
    return Response(detail, status_code=status, headers=headers)


def _position(values: list[str | int]) -> tuple[datetime, UUID]:
    created_at, ticket_id = values
    if not isinstance(created_at, str) or not isinstance(ticket_id, str):
        raise InvalidCursor
    return datetime.fromisoformat(created_at), UUID(ticket_id)


ROUTES: list[ControllerRouterHandler] = [
    get_me,
    Router(
        "/orgs/{slug:str}/tickets",
        route_handlers=[list_tickets, create_ticket, get_ticket, patch_ticket, delete_ticket],
        tags=["tickets"],
    ),
]
