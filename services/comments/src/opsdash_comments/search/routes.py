"""The route by which the gateway looks for words in comments."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from opsdash_chassis.text.search_query import read_query
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_comments.access.policy import CommentAction
from opsdash_comments.search import repository
from opsdash_comments.search.repository import CommentedTicket
from opsdash_comments.search.schemas import CommentedTickets
from opsdash_comments.threads.scope import RequestScope

MOST_TICKETS: Final = 100


@get("/commented-tickets", include_in_schema=False)
async def find_commented_tickets(
    org: NamedDependency[RequestScope], q: Annotated[str, QueryParameter(max_length=200)]
) -> CommentedTickets:
    """Of the caller's org; whoever reads tickets there reads their comments."""
    query = read_query(q)

    async def find(reader: TenantReader) -> list[CommentedTicket]:
        return await repository.commented(reader, query, MOST_TICKETS + 1)

    found = (await org.read(CommentAction.READ, find)).found
    tickets = [row.ticket_id for row in found[:MOST_TICKETS]]
    return CommentedTickets(tickets=tickets, more=len(found) > MOST_TICKETS)
