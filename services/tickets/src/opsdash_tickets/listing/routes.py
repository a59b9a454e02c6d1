"""The list of tickets and its CSV export: one filter for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Annotated

from litestar import Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import UNSET
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.types import HttpResponse
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.listing import csv_export, repository
from opsdash_tickets.listing.conditions_repository import Position, position_of
from opsdash_tickets.listing.filters import Commented, ListQuery, TicketFilter, read_commented, read_filter, read_sort
from opsdash_tickets.listing.schemas import TicketPage
from opsdash_tickets.names.model import Names
from opsdash_tickets.tickets.presenters import listed_row
from opsdash_tickets.tickets.rows import ListedTicket, named_by

#: Writing a page is one step, during which the process serves nobody else.
EXPORT_PAGE = 100
CSV = "text/csv"
_FILE = ResponseHeader(name="Content-Disposition", description="Names the file", required=True, documentation_only=True)
Limit = Annotated[int, QueryParameter(ge=1, le=100)]
Cursor = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]
Choices = Annotated[str | None, QueryParameter(description="One value, or several with commas")]
Ids = Annotated[str | None, QueryParameter(description="Ids or `none`, with commas")]
People = Annotated[str | None, QueryParameter(description="Ids, `me` or `none`, with commas")]
Zone = Annotated[str | None, QueryParameter(description="IANA zone of the day that `sla=today` means; UTC if absent")]
Moment = Annotated[str | None, QueryParameter(description="RFC 3339 with zone")]
Words = Annotated[
    str | None,
    QueryParameter(
        description="`#42`, `42`, or words of title, description, contact and company; the last may be a beginning"
    ),
]
#: Newer than the other parameters, so it comes last: generated clients may pass them by position.
TicketIds = Annotated[str | None, QueryParameter(description="Ids of tickets, with commas")]
SortBy = Annotated[
    str | None,
    QueryParameter(description="created_at, updated_at, sla_due_at, priority or number; `-` in front: descending"),
]


async def provide_list_query(
    org: NamedDependency[RequestScope],  # noqa: ARG001 - one dependency after the other costs less than two side by side
    status: Choices = None,
    priority: Choices = None,
    category: Choices = None,
    assignee: People = None,
    contact: Ids = None,
    company: Ids = None,
    project: Ids = None,
    sla: Annotated[str | None, QueryParameter(description="overdue, at_risk, soon, today, none")] = None,
    time_zone: Zone = None,
    created_from: Moment = None,
    created_to: Moment = None,
    q: Words = None,
    sort: SortBy = None,
) -> ListQuery:
    """The filter parameters, the same for list and export."""
    return ListQuery(
        status,
        priority,
        category,
        assignee,
        contact,
        company,
        project,
        sla,
        time_zone,
        created_from,
        created_to,
        q,
        sort,
    )


LIST_QUERY = {"list_query": Provide(provide_list_query)}


@get("/", operation_id="listTickets", dependencies=LIST_QUERY)
async def list_tickets(
    org: NamedDependency[RequestScope],
    list_query: NamedDependency[ListQuery],
    limit: Limit = 25,
    cursor: Cursor = None,
    count: Annotated[bool, QueryParameter(description="Also count all matches")] = False,
    id: TicketIds = None,  # noqa: A002 - as it is called in the query
) -> TicketPage:
    """Living tickets that match, newest first unless sorted otherwise."""
    wanted, sort = read_filter(replace(list_query, id=id), user_id=org.user_id), read_sort(list_query.sort)
    commented = read_commented(org.commented) if wanted.is_search else ()
    scope = f"{org.slug}|tickets|{sort}|{wanted}"
    after = None if cursor is None else _position(org.cursors.decode(cursor, scope=scope))

    async def find(reader: TenantReader) -> tuple[list[ListedTicket], Names]:
        rows = await repository.page_with_tenant(
            reader, wanted, sort, after=after, limit=limit + 1, commented=commented
        )
        return rows, await org.names_with(reader, named_by(rows))

    reading = await org.read(Action.READ, find)
    rows, names = reading.found
    shown = rows[:limit]
    position = position_of(shown[-1]) if len(rows) > limit else None
    return TicketPage(
        items=[listed_row(row, names, reading.now) for row in shown],
        next_cursor=None if position is None else org.cursors.encode(position, scope=scope),
        total=await _total(org, wanted, commented) if count else UNSET,
    )


async def _total(org: RequestScope, wanted: TicketFilter, commented: Sequence[Commented]) -> int:
    async with org.transaction(Action.READ) as (work, access):
        return await repository.count(work.connection, access.org_id, wanted, commented)


@get(
    "/tickets.csv",
    operation_id="exportTickets",
    tags=["tickets"],
    dependencies=LIST_QUERY,
    media_type=CSV,
    response_headers=[_FILE],
)
async def export_tickets(
    slug: FromPath[str],
    org: NamedDependency[RequestScope],
    list_query: NamedDependency[ListQuery],
    id: TicketIds = None,  # noqa: A002 - as it is called in the query
) -> HttpResponse:
    """Every ticket that matches, as CSV."""
    query = replace(list_query, id=id)
    headers = {"Content-Disposition": f'attachment; filename="tickets-{slug}.csv"'}
    # What is wrong is answered before anything is taken.
    async with org.transaction(Action.READ) as (work, access):
        rows, names = await _page(org, work, access, query, None)
    first = csv_export.encode(rows, names, work.now, header=True)
    if len(rows) < EXPORT_PAGE:
        return Response(first, media_type=CSV, headers=headers)
    org.begin_export(access)
    rest = _rest(org, query, position_of(rows[-1]))
    return Stream(_joined(first, rest), media_type=CSV, headers=headers)


async def _rest(org: RequestScope, list_query: ListQuery, after: Position | None) -> AsyncIterator[bytes]:
    """Page by page, each in a transaction of its own: a slow reader holds no snapshot, a removed one gets no more."""
    while after is not None:
        async with org.next_page() as (work, access):
            rows, names = await _page(org, work, access, list_query, after)
        yield csv_export.encode(rows, names, work.now, header=False)
        after = position_of(rows[-1]) if len(rows) == EXPORT_PAGE else None


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _page(
    org: RequestScope, work: UnitOfWork, access: Access, query: ListQuery, after: Position | None
) -> tuple[list[ListedTicket], Names]:
    wanted, sort = read_filter(query, user_id=access.user_id), read_sort(query.sort)
    rows = await repository.page(work.connection, access.org_id, wanted, sort, after=after, limit=EXPORT_PAGE)
    return rows, await org.names_in(work, named_by(rows))


def _position(values: list[str | int]) -> Position:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 2 or not isinstance(values[0], str):  # noqa: PLR2004 - key and id
        raise InvalidCursor
    return values[0], str(values[1])
