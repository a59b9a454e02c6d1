"""SQL conditions of lists: filters, sorts and the place where a page goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from opsdash_contracts import ticket_rules

from opsdash_tickets.listing.filters import SlaFilter, Sort, SortField, TicketFilter
from opsdash_tickets.tickets.predicates import ACTIVE, BREACHED, DUE_SOON
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
#: Where a page ends: the sort key as PostgreSQL writes it, and the ticket id.
Position: TypeAlias = tuple[str, str]


class Conditions:
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


def sort_key(sort: Sort) -> str:
    return _SORTS[sort.field][0]


def sort_kind(sort: Sort) -> str:
    """The type of the key."""
    return _SORTS[sort.field][1]


def direction(sort: Sort) -> str:
    return "DESC" if sort.descending else "ASC"


def beyond(conditions: Conditions, sort: Sort, after: Position) -> str:
    """The condition that a row comes after a position."""
    key, kind = _SORTS[sort.field]
    position = f"({conditions.value(after[0])}::text::{kind}, {conditions.value(after[1])}::text::uuid)"
    return f"({key}, t.id) {'<' if sort.descending else '>'} {position}"


def add_filters(conditions: Conditions, wanted: TicketFilter) -> None:
    """All of the filter but its words and its number."""
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


def position_of(row: ListedTicket) -> Position:
    """Where a page that ends with this row ends."""
    return row.position, str(row.id)
