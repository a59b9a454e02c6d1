"""The route by which the gateway looks for words in comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from opsdash_chassis.text.search_query import read_query
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_comments.access.policy import CommentAction
from opsdash_comments.search import repository
from opsdash_comments.search.repository import CommentedTicket as FoundTicket
from opsdash_comments.search.schemas import CommentedTicket, CommentedTickets
from opsdash_comments.threads.scope import RequestScope

MOST_TICKETS: Final = 100
#: With some of the words only: the others may stand in the ticket itself.
MOST_IN_ALL: Final = 200
MOST_WORDS: Final = 4  # of a query whose words are looked for one by one as well


@get("/commented-tickets", include_in_schema=False)
async def find_commented_tickets(
    org: NamedDependency[RequestScope], q: Annotated[str, QueryParameter(max_length=200)]
) -> CommentedTickets:
    """Of the caller's org; whoever reads tickets there reads their comments."""
    query = read_query(q)
    words = query.terms if 1 < len(query.terms) <= MOST_WORDS else ()

    async def find(reader: TenantReader) -> list[FoundTicket]:
        return await repository.commented(reader, [query, *words], MOST_TICKETS + 1)

    return answer_of((await org.read(CommentAction.READ, find)).found, len(query.terms))


def answer_of(found: Sequence[FoundTicket], words: int) -> CommentedTickets:
    """Each ticket once, with what was found of it by the query and by each of its `words`."""
    everything = 2 ** max(words, 1) - 1
    bits = dict[UUID, int]()
    for row in found:
        bit = everything if row.place == 0 else 1 << (row.place - 1)
        bits[row.ticket_id] = bits.get(row.ticket_id, 0) | bit
    tickets = [CommentedTicket(id=ticket_id, words=bit) for ticket_id, bit in bits.items()]
    most = max(Counter(row.place for row in found).values(), default=0)
    more = words > MOST_WORDS or most > MOST_TICKETS or len(tickets) > MOST_IN_ALL or any(row.cut for row in found)
    return CommentedTickets(tickets=tickets[:MOST_IN_ALL], more=more)
