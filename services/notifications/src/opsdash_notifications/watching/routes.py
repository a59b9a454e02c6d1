"""The routes by which a person watches or mutes a ticket, and sees who watches it."""

from __future__ import annotations

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_tenancy.references import id_or_number

from opsdash_notifications.access.policy import Access, NoticeAction
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.scope import RequestScope
from opsdash_notifications.watching import repository, service
from opsdash_notifications.watching.schemas import PutWatch, Watch, Watchers, watchers_of


@get("/watch", operation_id="getWatch")
async def get_watch(reference: FromPath[str], org: NamedDependency[RequestScope]) -> Watch:
    """Whether the caller watches the ticket or has muted it."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> Watch:
        state = await repository.state_of(work.connection, access.org_id, ticket.ticket_id, access.user_id)
        return Watch(state=state)

    return await org.run(NoticeAction.READ, id_or_number(reference), act)


@put("/watch", operation_id="putWatch")
async def put_watch(reference: FromPath[str], data: JSONBody[PutWatch], org: NamedDependency[RequestScope]) -> Watch:
    """Watch the ticket, or mute it. The same again changes nothing."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> Watch:
        await service.set_watch(work, access, ticket, data.state)
        return Watch(state=data.state)

    return await org.run(NoticeAction.WATCH, id_or_number(reference), act)


@delete("/watch", operation_id="deleteWatch", status_code=204)
async def delete_watch(reference: FromPath[str], org: NamedDependency[RequestScope]) -> None:
    """Neither watch nor mute the ticket any more."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> None:
        await service.end_watch(work, access, ticket)

    await org.run(NoticeAction.WATCH, id_or_number(reference), act)


@get("/watchers", operation_id="listWatchers")
async def list_watchers(reference: FromPath[str], org: NamedDependency[RequestScope]) -> Watchers:
    """The members who watch the ticket."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> Watchers:
        rows = await repository.watches(work.connection, access.org_id, ticket.ticket_id)
        return watchers_of(rows, await org.people(work, (row.user_id for row in rows)))

    return await org.run(NoticeAction.READ, id_or_number(reference), act)


ROUTES = [get_watch, put_watch, delete_watch, list_watchers]
