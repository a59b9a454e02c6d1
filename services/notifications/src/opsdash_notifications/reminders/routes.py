"""The routes of a person's own reminders: of a ticket, and of the whole org."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.openapi.answers import ETAG, LOCATION
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_tenancy.references import id_or_number, object_id

from opsdash_notifications.access.policy import Access, NoticeAction
from opsdash_notifications.errors import NotFound
from opsdash_notifications.reminders import repository, service
from opsdash_notifications.reminders.schemas import (
    CreateReminder,
    PatchReminder,
    Reminder,
    ReminderPage,
    TicketReminders,
    reminder_of,
)
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.scope import RequestScope


@post("/reminders", operation_id="createReminder", response_headers=[ETAG, LOCATION])
async def create_reminder(
    reference: FromPath[str],
    data: JSONBody[CreateReminder],
    org: NamedDependency[RequestScope],
    idempotency_key: IdempotencyKey = None,
) -> Response[Reminder]:
    """Be told of the ticket again, at a time; nobody else is, nor sees the note."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> Response[Reminder]:
        async def create() -> Response[Reminder]:
            stored = await service.create(work, access, ticket, data.at, data.note)
            location = f"/api/orgs/{access.slug}/reminders/{stored.id}"
            headers = {"ETag": f'"{stored.version}"', "Location": location}
            return Response(reminder_of(stored), status_code=201, headers=headers)

        return await org.once(work, access, create, key=idempotency_key, ids={"reference": ticket.ticket_id})

    return await org.run(NoticeAction.REMIND, id_or_number(reference), act)


@get("/reminders", operation_id="listTicketReminders")
async def list_ticket_reminders(reference: FromPath[str], org: NamedDependency[RequestScope]) -> TicketReminders:
    """The caller's own of this ticket that are still to come."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> TicketReminders:
        found = await repository.of_ticket(work.connection, access.org_id, access.user_id, ticket.ticket_id)
        return TicketReminders(items=[reminder_of(stored) for stored in found])

    return await org.run(NoticeAction.REMIND, id_or_number(reference), act)


@get("/reminders", operation_id="listReminders")
async def list_reminders(
    org: NamedDependency[RequestScope],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> ReminderPage:
    """The caller's own in this org that are still to come, the next first."""
    async with org.transaction(NoticeAction.REMIND) as (work, access):
        scope = f"{access.org_id}|reminders|{access.user_id}"
        after = None if cursor is None else _position(org.cursors.decode(cursor, scope=scope))
        found = await repository.page(work.connection, access.org_id, access.user_id, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    return ReminderPage(
        items=[reminder_of(stored) for stored in shown],
        next_cursor=org.cursors.encode([shown[-1].at.isoformat(), str(shown[-1].id)], scope=scope) if more else None,
    )


@get("/reminders/{reminder_id:str}", operation_id="getReminder", response_headers=[ETAG])
async def get_reminder(reminder_id: FromPath[str], org: NamedDependency[RequestScope]) -> Response[Reminder]:
    """One of the caller's own."""
    async with org.transaction(NoticeAction.REMIND) as (work, access):
        stored = await repository.read(work.connection, access.org_id, access.user_id, object_id(reminder_id))
    if stored is None:
        raise NotFound
    return Response(reminder_of(stored), headers={"ETag": f'"{stored.version}"'})


@patch("/reminders/{reminder_id:str}", operation_id="patchReminder", response_headers=[ETAG])
async def patch_reminder(
    reminder_id: FromPath[str],
    data: JSONBody[PatchReminder],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
) -> Response[Reminder]:
    """Another time, or another note."""
    async with org.transaction(NoticeAction.REMIND) as (work, access):
        expected = expected_versions(if_match)
        stored = await service.change(
            work, access, object_id(reminder_id), at=data.at, note=data.note, if_match=expected
        )
    return Response(reminder_of(stored), headers={"ETag": f'"{stored.version}"'})


@delete("/reminders/{reminder_id:str}", operation_id="deleteReminder", status_code=204)
async def delete_reminder(
    reminder_id: FromPath[str], org: NamedDependency[RequestScope], if_match: IfMatch = None
) -> None:
    """Not be told after all."""
    async with org.transaction(NoticeAction.REMIND) as (work, access):
        await service.remove(work, access, object_id(reminder_id), if_match=expected_versions(if_match))


def _position(values: list[str | int]) -> tuple[datetime, UUID]:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 2:  # noqa: PLR2004 - time and id
        raise InvalidCursor
    return datetime.fromisoformat(str(values[0])), UUID(str(values[1]))


ROUTES = [list_reminders, get_reminder, patch_reminder, delete_reminder]
TICKET_ROUTES = [create_reminder, list_ticket_reminders]
