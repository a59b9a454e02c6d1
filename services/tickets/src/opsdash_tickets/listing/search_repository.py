"""SQL of lists that were searched for. Every statement names the org; the functions take it from the transaction.

First what was meant exactly: the ticket of the number, and those of which the words are the whole title. Then all
others in the order of the list. What was exact is left out there, on its later pages too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from opsdash_chassis.text.search_index import title_lexeme
from opsdash_chassis.text.search_query import ORG_MARK, SearchQuery, read_query

from opsdash_tickets.listing.conditions_repository import (
    Conditions,
    Position,
    add_filters,
    beyond,
    direction,
    sort_key,
    sort_kind,
)
from opsdash_tickets.listing.filters import Commented, Sort, TicketFilter
from opsdash_tickets.tickets.index_model import FIELDS
from opsdash_tickets.tickets.repository import VIEW_COLUMNS

#: Of the exact ones; further tickets of the same title have their usual place.
MOST_EXACT: Final = 10
_EXACT_POSITION: Final = "+"  # of one of them: its place among them, in the place of a sort key
# Words are found once, as what filters and sorts need; only the rows of the page are then read in full.
_PAGE = """
WITH exact AS MATERIALIZED (
    SELECT t.id, row_number() OVER (ORDER BY t.nearness DESC, t.created_at DESC, t.id DESC) AS place
    FROM find_exactly({title}::text, {number}::bigint) t
    WHERE t.org_id = $1 {conditions}
    ORDER BY place LIMIT {most_exact}
), words AS MATERIALIZED (SELECT {words})
SELECT {columns}, hit.position, {found_in} AS found_in
FROM (
    SELECT $1::uuid AS org_id, e.id, e.place, NULL::{kind} AS sort_key, '+' || e.place AS position
    FROM exact e WHERE e.place > {shown}
    UNION ALL
    (SELECT f.org_id, f.id, NULL, f.sort_key, f.position FROM ({found}) f
     WHERE NOT EXISTS (SELECT FROM exact e WHERE e.id = f.id)
     ORDER BY f.sort_key {direction}, f.id {direction} LIMIT {limit})
) hit
JOIN LATERAL (SELECT e.* FROM tickets e WHERE e.org_id = hit.org_id AND e.id = hit.id OFFSET 0) t ON true
CROSS JOIN words
ORDER BY hit.place NULLS LAST, hit.sort_key {direction}, t.id {direction} LIMIT {limit}
"""
_IN_ORDER = """
SELECT t.org_id, t.id, {key} AS sort_key, {key}::text AS position FROM find_words({pattern}::text) t
WHERE t.org_id = $1 {conditions}
"""
# For the usual question, the newest matches: not all of them need be found for it.
_NEWEST = """
SELECT t.org_id, t.id, t.created_at AS sort_key, t.created_at::text AS position
FROM find_newest_words({pattern}::text, {statuses}::text[], {before}::text::timestamptz, {before_id}::text::uuid,
                       {limit} + {most_exact}) t
WHERE t.org_id = $1
"""
# The words that no comment of a ticket has must be in the ticket.
_COMMENTED = """
FROM unnest({ids}::uuid[], {rest}::text[]) AS commented(id, rest)
JOIN tickets t ON t.org_id = $1 AND t.id = commented.id
WHERE t.deleted_at IS NULL AND (commented.rest IS NULL OR t.search @@ search_pattern($1, commented.rest))
"""
_BY_COMMENT = "UNION SELECT t.org_id, t.id, {key} AS sort_key, {key}::text AS position {commented} {conditions}"
_IDS_BY_COMMENT = " UNION SELECT t.id {commented}"
_IN_COMMENTS = "CASE WHEN t.id = ANY({ids}::uuid[]) THEN 'comments' END"
# Read once, not for each row.
_WORDS_IN = "search_pattern($1, {pattern}::text) AS in_{field}"
_FOUND_IN = "CASE WHEN t.search @@ words.in_{field} THEN '{field}' END"


def page_statement(
    wanted: TicketFilter, sort: Sort, *, after: Position | None, limit: int, commented: Sequence[Commented] = ()
) -> tuple[str, list[Any]]:
    """The statement of a page, and its parameters after the org's id.

    `commented` are tickets that belong to it for their comments, as far as they match the filter.
    """
    query, values = read_query(wanted.words or ""), Conditions()
    shown, after = _read_position(after)
    add_filters(values, wanted)
    title = title_lexeme(wanted.words or "")
    limited = values.value(limit)
    filters = str(values)
    ids, by_comment = _commented(query, commented, values)
    found = _found(query, wanted, sort, after, values, limited)
    if by_comment:
        found += _by_comment(filters, sort, after, values, by_comment)
    statement = _PAGE.format(
        columns=VIEW_COLUMNS,
        title=values.value(None if title is None else f"'{ORG_MARK}{title}'"),
        number=values.value(wanted.number),
        conditions=filters,
        most_exact=MOST_EXACT,
        shown=values.value(shown),
        words=_words(query, values),
        found_in=_found_in(ids),
        found=found,
        kind=sort_kind(sort),
        direction=direction(sort),
        limit=limited,
    )
    return statement, values.parameters


def _read_position(after: Position | None) -> tuple[int, Position | None]:
    """How many of the exact ones have been shown, and where the others go on."""
    if after is None:
        return 0, None
    if after[0].startswith(_EXACT_POSITION):
        return int(after[0]), None
    return MOST_EXACT, after


def _found(
    query: SearchQuery, wanted: TicketFilter, sort: Sort, after: Position | None, values: Conditions, limit: str
) -> str:
    pattern = values.value(query.tsquery() or None)
    if sort == Sort() and replace(wanted, words=None, number=None, status=()) == TicketFilter():
        before, before_id = after or (None, None)
        return _NEWEST.format(
            pattern=pattern,
            statuses=values.value(wanted.status or None),
            before=values.value(before),
            before_id=values.value(before_id),
            limit=limit,
            most_exact=MOST_EXACT,
        )
    conditions = str(values) if after is None else f"{values} AND {beyond(values, sort, after)}"
    return _IN_ORDER.format(key=sort_key(sort), pattern=pattern, conditions=conditions)


def ids_by_comment(words: str, commented: Sequence[Commented], values: Conditions) -> str:
    """To be added to a statement that answers with ids of tickets."""
    _, by_comment = _commented(read_query(words), commented, values)
    return _IDS_BY_COMMENT.format(commented=by_comment) if by_comment else ""


def _commented(query: SearchQuery, commented: Sequence[Commented], values: Conditions) -> tuple[str, str]:
    """The parameter with the ids of the tickets, and where they come from; both empty when there are none."""
    if not commented:
        return "", ""
    ids = values.value([one.ticket_id for one in commented])
    left = {words: query.without(words).tsquery() or None for words in {one.words for one in commented}}
    rest = values.value([left[one.words] for one in commented])
    return ids, _COMMENTED.format(ids=ids, rest=rest)


def _by_comment(filters: str, sort: Sort, after: Position | None, values: Conditions, commented: str) -> str:
    """Those that were found by a comment; what was found by both is there once."""
    conditions = filters if after is None else f"{filters} AND {beyond(values, sort, after)}"
    return _BY_COMMENT.format(key=sort_key(sort), commented=commented, conditions=conditions)


def _words(query: SearchQuery, values: Conditions) -> str:
    """What is looked for in each of the fields: any of the words."""
    return ", ".join(
        _WORDS_IN.format(pattern=values.value(query.anywhere(weight) if query else None), field=field)
        for field, weight in FIELDS.items()
    )


def _found_in(commented: str) -> str:
    """Of each row the fields that any of the words is in."""
    found = [_FOUND_IN.format(field=field) for field in FIELDS]
    if commented:
        found.append(_IN_COMMENTS.format(ids=commented))
    return f"array_remove(ARRAY[{', '.join(found)}], NULL)"
