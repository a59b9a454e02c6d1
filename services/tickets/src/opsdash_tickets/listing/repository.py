"""SQL of the ticket list: keyset pages, counts. Every statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.text.search_query import read_query
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_tickets.listing import search_repository
from opsdash_tickets.listing.conditions_repository import (
    Conditions,
    Position,
    add_filters,
    beyond,
    direction,
    sort_key,
)
from opsdash_tickets.listing.filters import Commented, Sort, TicketFilter
from opsdash_tickets.tickets.repository import VIEW_COLUMNS
from opsdash_tickets.tickets.rows import ListedTicket

_PAGE = """
SELECT {columns}, {key}::text AS position, NULL::text[] AS found_in FROM tickets t
WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}
ORDER BY {key} {direction}, t.id {direction} LIMIT {limit}
"""
_COUNT = "SELECT count(*) FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}"


async def page(
    connection: Connection,
    org_id: UUID,
    wanted: TicketFilter,
    sort: Sort,
    *,
    after: Position | None,
    limit: int,
) -> list[ListedTicket]:
    """Living tickets that match, in order, starting after a position; each row has its own `position`."""
    statement, parameters = page_statement(wanted, sort, after=after, limit=limit)
    return to_rows(ListedTicket, await connection.fetch(statement, org_id, *parameters))


async def page_with_tenant(
    reader: TenantReader,
    wanted: TicketFilter,
    sort: Sort,
    *,
    after: Position | None,
    limit: int,
    commented: Sequence[Commented] = (),
) -> list[ListedTicket]:
    """The same for a request that reads nothing else; `commented` were found by a comment."""
    statement, parameters = page_statement(wanted, sort, after=after, limit=limit, commented=commented)
    return await reader.fetch(ListedTicket, statement, *parameters)


def page_statement(
    wanted: TicketFilter, sort: Sort, *, after: Position | None, limit: int, commented: Sequence[Commented] = ()
) -> tuple[str, list[Any]]:
    """The statement of `page`, and its parameters after the org's id."""
    if wanted.is_search:
        return search_repository.page_statement(wanted, sort, after=after, limit=limit, commented=commented)
    values = Conditions()
    key = sort_key(sort)
    add_filters(values, wanted)
    if wanted.number is not None:
        values.add(f"t.number = {values.value(wanted.number)}")
    if after is not None:
        values.add(beyond(values, sort, after))
    statement = _PAGE.format(
        columns=VIEW_COLUMNS, key=key, direction=direction(sort), conditions=values, limit=values.value(limit)
    )
    return statement, values.parameters


async def count(connection: Connection, org_id: UUID, wanted: TicketFilter, commented: Sequence[Commented] = ()) -> int:
    conditions = Conditions()
    add_filters(conditions, wanted)
    if wanted.is_search:
        pattern, number = read_query(wanted.words or "").tsquery() or None, wanted.number
        found = f"SELECT found_ids({conditions.value(pattern)}::text, {conditions.value(number)})"
        more = search_repository.ids_by_comment(wanted.words or "", commented, conditions)
        conditions.add(f"t.id IN ({found}{more})")
    elif wanted.number is not None:
        conditions.add(f"t.number = {conditions.value(wanted.number)}")
    total: int = await connection.fetchval(_COUNT.format(conditions=conditions), org_id, *conditions.parameters)
    return total
