"""The routes of a person's inbox."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.openapi.answers import ETAG
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_http.security.tokens import Caller
from opsdash_tenancy.references import id_or_number, object_id

from opsdash_notifications.access.policy import Access, NoticeAction
from opsdash_notifications.inbox import repository, service
from opsdash_notifications.inbox.filters import read_filter
from opsdash_notifications.inbox.schemas import (
    InboxPage,
    InboxRow,
    MyInbox,
    OrgInbox,
    PatchInboxRow,
    ReadAll,
    ReadRows,
    inbox_row,
)
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.scope import RequestScope


@get("/inbox", operation_id="listInbox")
async def list_inbox(
    org: NamedDependency[RequestScope],
    in_state: Annotated[str, QueryParameter(name="state", description="unread, read, archived or all")] = "unread",
    reason: Annotated[str | None, QueryParameter(description="Rows with this among their reasons")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> InboxPage:
    """What the caller was told in this org, newest first: one row for each ticket."""
    wanted = read_filter(in_state, reason)
    async with org.transaction(NoticeAction.READ) as (work, access):
        scope = f"{access.org_id}|inbox|{access.user_id}|{wanted}"
        before = None if cursor is None else _position(org.cursors.decode(cursor, scope=scope))
        rows = await repository.page(
            work.connection, access.org_id, access.user_id, wanted, before=before, limit=limit + 1
        )
        shown = rows[:limit]
        people = await org.people(work, (row.actor_id for row in shown if row.actor_id))
        return InboxPage(
            items=[inbox_row(row, people) for row in shown],
            next_cursor=org.cursors.encode([str(shown[-1].id)], scope=scope) if len(rows) > limit else None,
            unread=await repository.unread(work.connection, access.org_id, access.user_id),
        )


@patch("/inbox/{row_id:str}", operation_id="patchInboxRow", response_headers=[ETAG])
async def patch_inbox_row(
    row_id: FromPath[str],
    data: JSONBody[PatchInboxRow],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
) -> Response[InboxRow]:
    """Mark one row as read or unread, or archive it."""
    async with org.transaction(NoticeAction.READ) as (work, access):
        row = await service.set_state(work, access, object_id(row_id), data.state, if_match=expected_versions(if_match))
        people = await org.people(work, [row.actor_id] if row.actor_id else [])
    return Response(inbox_row(row, people), headers={"ETag": f'"{row.version}"'})


@post("/inbox/read-all", operation_id="readAllOfInbox", status_code=200)
async def read_all(
    data: JSONBody[ReadAll], org: NamedDependency[RequestScope], idempotency_key: IdempotencyKey = None
) -> Response[ReadRows]:
    """Mark as read what was unread when the row `up_to` was the newest."""
    async with org.transaction(NoticeAction.READ) as (work, access):

        async def act() -> Response[ReadRows]:
            marked = await repository.read_up_to(work.connection, access.org_id, access.user_id, data.up_to)
            unread = await repository.unread(work.connection, access.org_id, access.user_id)
            return Response(ReadRows(marked=marked, unread=unread), status_code=200)

        return await org.once(work, access, act, key=idempotency_key, ids={})


@put("/tickets/{reference:str}/seen", operation_id="markTicketSeen", status_code=204)
async def mark_ticket_seen(reference: FromPath[str], org: NamedDependency[RequestScope]) -> None:
    """The caller has opened the ticket: its row in their inbox is read."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> None:
        await repository.seen(work.connection, access.org_id, access.user_id, ticket.ticket_id)

    await org.run(NoticeAction.READ, id_or_number(reference), act)


@get("/me/inbox", operation_id="getMyInbox", tags=["me"])
async def get_my_inbox(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> MyInbox:
    """How many rows are unread in each of the caller's orgs."""
    async with database.tenant_transaction() as connection:
        orgs = await repository.unread_by_org(connection, caller.user_id)
    return MyInbox(orgs=msgspec.convert(orgs, list[OrgInbox], from_attributes=True))


def _position(values: list[str | int]) -> UUID:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 1 or not isinstance(values[0], str):
        raise InvalidCursor
    return UUID(values[0])


ROUTES = [list_inbox, patch_inbox_row, read_all, mark_ticket_seen]
