"""A ticket's activity: its own history and that of its comments, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from opsdash_chassis.database.cursors import Cursors
from opsdash_tenancy.references import id_or_number

from opsdash_tickets.access.policy import Action
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.activity import repository
from opsdash_tickets.activity.repository import HistoryEntry, Place
from opsdash_tickets.activity.schemas import ActivityEntry, ActivityPage, FieldChange
from opsdash_tickets.names.model import NameIds, Names
from opsdash_tickets.tickets import references
from opsdash_tickets.tickets import service as tickets_service

PAGE: Final = 50
_START: Final[Place] = (datetime(1970, 1, 1, tzinfo=UTC), 0, 0)


@get("/{reference:str}/activity", operation_id="getActivity")
async def ticket_activity(
    reference: FromPath[str],
    org: NamedDependency[RequestScope],
    cursors: NamedDependency[Cursors],
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> ActivityPage:
    """Everything that happened to the ticket and its comments, oldest first."""
    async with org.transaction(Action.READ) as (work, access):
        ticket = await tickets_service.ticket_detail(work, access, id_or_number(reference))
        scope = f"{access.org_id}|activity|{ticket.id}"
        after = _START if cursor is None else _place(cursors.decode(cursor, scope=scope))
        rows = await repository.page(work.connection, access.org_id, ticket.id, after=after, limit=PAGE + 1)
        shown = rows[:PAGE]
        changes = [json.loads(row.changes) for row in shown]
        names = await org.names_in(work, _named_by(shown, changes))
    entries = [_entry(row, changed, names) for row, changed in zip(shown, changes, strict=True)]
    if len(rows) <= PAGE:
        return ActivityPage(entries, None)
    last = shown[-1]
    return ActivityPage(entries, cursors.encode([last.place.isoformat(), last.source, last.step], scope=scope))


def _place(values: list[str | int]) -> Place:
    """Signed by us, so its parts have the right form."""
    place, source, step = values
    return datetime.fromisoformat(str(place)), int(source), int(step)


def _named_by(rows: Sequence[HistoryEntry], changes: Sequence[dict[str, Any]]) -> NameIds:
    """Who did it, and what the changes point to before and after."""
    return NameIds(
        people={row.actor_id for row in rows} | set(_pointed_to(changes, "assignee_id")),
        contacts=set(_pointed_to(changes, "contact_id")),
        projects=set(_pointed_to(changes, "project_id")),
    )


def _pointed_to(changes: Sequence[dict[str, Any]], field: str) -> Iterator[UUID | None]:
    for entry in changes:
        if field in entry:
            yield from (UUID(value) for value in (entry[field].get("from"), entry[field].get("to")) if value)


def _entry(row: HistoryEntry, changes: dict[str, Any], names: Names) -> ActivityEntry:
    return ActivityEntry(
        id=row.id,
        type=row.type,
        version=row.version,
        at=row.at,
        actor=None if row.actor_id is None else names.person(row.actor_id),
        changes=[_field_change(name, change, names) for name, change in changes.items()],
        bulk_id=None if row.bulk_id is None else UUID(row.bulk_id),
        comment_id=row.comment_id,
    )


def _field_change(name: str, change: dict[str, Any], names: Names) -> FieldChange:
    if "from" not in change:
        return FieldChange(name)
    before, after = change["from"], change["to"]
    if name not in references.FIELDS:
        return FieldChange(name, before, after)
    named = [names.label(UUID(value)) if value else None for value in (before, after)]
    return FieldChange(name, before, after, *named)
