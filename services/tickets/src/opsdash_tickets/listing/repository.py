"""SQL of the ticket list: filters, sorts, keyset pages, counts. Every statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_contracts import ticket_rules
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_tickets.listing.filters import SlaFilter, Sort, SortField, TicketFilter
from opsdash_tickets.tickets.predicates import ACTIVE, BREACHED, DUE_SOON
from opsdash_tickets.tickets.repository import VIEW_COLUMNS
from opsdash_tickets.tickets.rows import ListedTicket

_MIDNIGHT = "date_trunc('day', now() AT TIME ZONE {zone})"
_SLA = {
    SlaFilter.OVERDUE: BREACHED,
    SlaFilter.AT_RISK: (
        f"(t.sla_due_at >= now() AND {ACTIVE}"
        f" AND now() >= t.created_at + (t.sla_due_at - t.created_at) * {ticket_rules.AT_RISK_SHARE})"
    ),
    SlaFilter.SOON: DUE_SOON,
    SlaFilter.TODAY: (
        f"({ACTIVE} AND t.sla_due_at >= {_MIDNIGHT} AT TIME ZONE {{zone}}"
        f" AND t.sla_due_at < ({_MIDNIGHT} + interval '1 day') AT TIME ZONE {{zone}})"
    ),
    SlaFilter.NONE: "(t.sla_outcome = 'none' OR (t.sla_outcome IS NULL AND t.sla_due_at IS NULL))",
}
#: What a sort orders by, and the type its keyset position has in a cursor.
_SORTS = {
    SortField.CREATED_AT: ("t.created_at", "timestamptz"),
    SortField.UPDATED_AT: ("t.updated_at", "timestamptz"),
    SortField.SLA_DUE_AT: (
        "(CASE WHEN t.sla_due_at IS NULL THEN 'infinity'::timestamptz ELSE t.sla_due_at END)",
        "timestamptz",
    ),
    SortField.PRIORITY: ("t.priority_rank", "smallint"),
    SortField.NUMBER: ("t.number", "bigint"),
}
_PAGE = """
SELECT {columns}, {key}::text AS position FROM tickets t
WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}
ORDER BY {key} {direction}, t.id {direction} LIMIT {limit}
"""
# Words are found once, as what filters and sorts need; only the rows of the page are then read in full.
_SEARCH_PAGE = """
SELECT {columns}, hit.position FROM (
    SELECT t.org_id, t.id, {key} AS sort_key, {key}::text AS position FROM find_tickets({words}) t
    WHERE t.org_id = $1 {conditions}
    ORDER BY {key} {direction}, t.id {direction} LIMIT {limit}
) hit
JOIN LATERAL (SELECT e.* FROM tickets e WHERE e.org_id = hit.org_id AND e.id = hit.id OFFSET 0) t ON true
ORDER BY hit.sort_key {direction}, t.id {direction}
"""
# The same for the usual question, the newest matches: not all of them need be found for it.
_NEWEST_PAGE = """
SELECT {columns}, hit.created_at::text AS position
FROM find_newest({words}, {statuses}::text[], {before}::text::timestamptz, {before_id}::text::uuid, {limit}) hit
JOIN LATERAL (SELECT e.* FROM tickets e WHERE e.org_id = hit.org_id AND e.id = hit.id OFFSET 0) t ON true
WHERE hit.org_id = $1
ORDER BY hit.created_at DESC, t.id DESC
"""
_COUNT = "SELECT count(*) FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}"
_NUMBER_EXISTS = "SELECT EXISTS (SELECT FROM tickets WHERE org_id = $1 AND number = $2 AND deleted_at IS NULL)"


#: Where a page ends: the sort key as PostgreSQL writes it, and the ticket id.
Position: TypeAlias = tuple[str, str]


class _Conditions:
    """SQL conditions with their numbered parameters; values never become text. `$1` is the org's id."""

    def __init__(self) -> None:
        self.parameters: list[Any] = []
        self._texts: list[str] = []

    def value(self, value: object) -> str:
        self.parameters.append(value)
        return f"${len(self.parameters) + 1}"

    def add(self, text: str) -> None:
        self._texts.append(text)

    def one_of(self, column: str, wanted: Sequence[object], kind: str) -> None:
        """`None` among the wanted values means the column is null."""
        if not wanted:
            return
        alternatives = []
        present = [value for value in wanted if value is not None]
        if present:
            alternatives.append(f"{column} = ANY({self.value(present)}::{kind}[])")
        if len(present) < len(wanted):
            alternatives.append(f"{column} IS NULL")
        self.add(f"({' OR '.join(alternatives)})")

    def __str__(self) -> str:
        return "".join(f" AND {text}" for text in self._texts)


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
    reader: TenantReader, wanted: TicketFilter, sort: Sort, *, after: Position | None, limit: int
) -> list[ListedTicket]:
    """The same for a request that reads nothing else."""
    statement, parameters = page_statement(wanted, sort, after=after, limit=limit)
    return await reader.fetch(ListedTicket, statement, *parameters)


def page_statement(wanted: TicketFilter, sort: Sort, *, after: Position | None, limit: int) -> tuple[str, list[Any]]:
    """The statement of `page`, and its parameters after the org's id."""
    if wanted.words is not None and sort == Sort() and replace(wanted, words=None, status=()) == TicketFilter():
        return _newest_page_statement(wanted.words, wanted.status, after=after, limit=limit)
    key, kind = _SORTS[sort.field]
    direction, beyond = ("DESC", "<") if sort.descending else ("ASC", ">")
    conditions = _conditions(replace(wanted, words=None))
    if after is not None:
        position = f"({conditions.value(after[0])}::text::{kind}, {conditions.value(after[1])}::text::uuid)"
        conditions.add(f"({key}, t.id) {beyond} {position}")
    limited = conditions.value(limit)
    words = "" if wanted.words is None else conditions.value(wanted.words)
    statement = (_SEARCH_PAGE if words else _PAGE).format(
        words=words,
        columns=VIEW_COLUMNS,
        key=key,
        direction=direction,
        conditions=conditions,
        limit=limited,
    )
    return statement, conditions.parameters


def _newest_page_statement(
    words: str, statuses: Sequence[str], *, after: Position | None, limit: int
) -> tuple[str, list[Any]]:
    values = _Conditions()
    before, before_id = after or (None, None)
    statement = _NEWEST_PAGE.format(
        words=values.value(words),
        statuses=values.value(statuses or None),
        before=values.value(before),
        before_id=values.value(before_id),
        limit=values.value(limit),
        columns=VIEW_COLUMNS,
    )
    return statement, values.parameters


async def count(connection: Connection, org_id: UUID, wanted: TicketFilter) -> int:
    conditions = _conditions(wanted)
    total: int = await connection.fetchval(_COUNT.format(conditions=conditions), org_id, *conditions.parameters)
    return total


async def settle_number(connection: Connection, org_id: UUID, wanted: TicketFilter) -> TicketFilter:
    """A bare number means the ticket of that number; only when there is none are its digits searched as a word."""
    if not wanted.is_ambiguous:
        return wanted
    if await connection.fetchval(_NUMBER_EXISTS, org_id, wanted.number):
        return replace(wanted, words=None)
    return replace(wanted, number=None)


def _conditions(wanted: TicketFilter) -> _Conditions:
    conditions = _Conditions()
    conditions.one_of("t.id", wanted.id, "uuid")
    for column in ("status", "priority", "category"):
        conditions.one_of(f"t.{column}", getattr(wanted, column), "text")
    for name in ("assignee", "contact", "project"):
        conditions.one_of(f"t.{name}_id", getattr(wanted, name), "uuid")
    if wanted.company:
        conditions.one_of(
            "(SELECT c.company_id FROM contacts c WHERE c.org_id = t.org_id AND c.contact_id = t.contact_id)",
            wanted.company,
            "uuid",
        )
    if wanted.sla:
        zone = f"{conditions.value(wanted.zone)}::text" if SlaFilter.TODAY in wanted.sla else ""
        conditions.add(f"({' OR '.join(_SLA[state].format(zone=zone) for state in wanted.sla)})")
    if wanted.created_from is not None:
        conditions.add(f"t.created_at >= {conditions.value(wanted.created_from)}")
    if wanted.created_to is not None:
        conditions.add(f"t.created_at < {conditions.value(wanted.created_to)}")
    if wanted.number is not None:
        conditions.add(f"t.number = {conditions.value(wanted.number)}")
    if wanted.words is not None:
        conditions.add(f"t.id IN (SELECT search_tickets({conditions.value(wanted.words)}))")
    return conditions


def position_of(row: ListedTicket) -> Position:
    """Where a page that ends with this row ends."""
    return row.position, str(row.id)
