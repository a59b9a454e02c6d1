"""One request about the comments of a ticket: the ticket is known, or asked for, before anything is done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

import opsdash_markdown as markdown
from litestar import Response
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.errors import Unavailable
from opsdash_http.types import HttpRequest
from opsdash_markdown import Rendered
from opsdash_tenancy import request_scope
from opsdash_tenancy.directory_cache import DirectoryCache
from opsdash_tenancy.open_tenant import OpenTenant, ReadsInTenant
from opsdash_tenancy.references import object_id

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.errors import NotFound, TicketUnknown
from opsdash_comments.people import repository as people_repository
from opsdash_comments.people.model import People
from opsdash_comments.threads import repository
from opsdash_comments.threads.model import Thread
from opsdash_comments.threads.open_thread import open_thread
from opsdash_comments.threads.tickets_client import TicketClient

Result = TypeVar("Result")
Body = TypeVar("Body")
Act = Callable[[UnitOfWork, Access, Thread], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class AppDependencies(request_scope.AppDependencies):
    """What every request of this process shares."""

    tickets: TicketClient
    people: DirectoryCache[People]


class RequestScope(request_scope.RequestScope[Access]):
    """Made by a dependency."""

    access = Access

    def __init__(self, request: HttpRequest, slug: str, dependencies: AppDependencies) -> None:
        super().__init__(request, slug, dependencies)
        self._tickets = dependencies.tickets
        self._people = dependencies.people

    async def run(self, action: CommentAction, reference: UUID | int, act: Act[Result]) -> Result:
        """Run something about a living ticket in one transaction; one that is not known as such is asked for first."""
        try:
            return await self._run(action, reference, act)
        except TicketUnknown as unknown:
            await self._resolve(unknown)
        try:
            return await self._run(action, reference, act)
        except TicketUnknown:
            raise NotFound from None

    async def write(self, reference: UUID | int, act: Act[Response[Body]], *, key: str | None) -> Response[Body]:
        """Comment on a ticket in one transaction, once per Idempotency-Key."""

        async def act_once(work: UnitOfWork, access: Access, thread: Thread) -> Response[Body]:
            return await self.once(work, access, lambda: act(work, access, thread), key=key, ids=self._ids(thread))

        return await self.run(CommentAction.COMMENT, reference, act_once)

    async def people_with(self, reader: ReadsInTenant, wanted: set[UUID]) -> People:
        """The people who are shown with what `reader` has read on opening the org."""
        return await self._people.complete(reader, partial(people_repository.look_up, reader=reader, wanted=wanted))

    async def people_in(self, work: UnitOfWork, wanted: set[UUID]) -> People:
        """The same in a transaction of this request."""
        return await self.people_with(OpenTenant(work.connection, self.tenant), wanted)

    def _ids(self, thread: Thread) -> dict[str, UUID]:
        """Which ticket and which comment the path means."""
        comment = self._request.path_params.get("comment_id")
        return {"reference": thread.ticket_id} | ({} if comment is None else {"comment_id": object_id(comment)})

    async def _run(self, action: CommentAction, reference: UUID | int, act: Act[Result]) -> Result:
        async with self._database.tenant_transaction() as connection:
            self._tenant, access, thread = await open_thread(
                connection, slug=self._slug, user_id=self.user_id, action=action, reference=reference
            )
            self._count(access)
            if thread is None or not thread.not_deleted:
                raise TicketUnknown(access.org_id, reference, known=thread is not None)
            return await act(UnitOfWork(connection, self._tenant.now), access, thread)

    async def render(self, reference: UUID | int, text: str) -> Rendered:
        """The HTML of a text for this ticket, outside any transaction; long ones for those only who may comment."""
        if len(text) > markdown.AT_ONCE:
            await self.read(CommentAction.COMMENT, lambda at: repository.thread(at, reference, lock=False))
        return await markdown.render_soon(text)

    async def refresh_ticket(self, reference: UUID | int) -> None:
        """Learn from the tickets service what became of a ticket, before its event. The org's limit does not count it.

        Raises NotFound when there is no such ticket, Unavailable when the tickets service cannot be reached.
        """
        async with self._database.tenant_statement() as connection:
            _, access, _ = await open_thread(
                connection,
                slug=self._slug,
                user_id=self.user_id,
                action=CommentAction.READ,
                reference=reference,
            )
        await self._resolve(TicketUnknown(access.org_id, reference, known=False))

    async def _resolve(self, unknown: TicketUnknown) -> None:
        """Ask the tickets service, outside any transaction, and store its answer as a snapshot.

        Raises NotFound when there is no such ticket, Unavailable when the tickets service cannot be reached.
        """
        try:
            snapshot = await self._tickets.snapshot(unknown.org_id, unknown.reference)
        except Unavailable:
            if unknown.known:  # as deleted; only whether it was restored a moment ago stays open
                raise NotFound from None
            raise
        if snapshot is None:
            raise NotFound
        async with self._database.worker_transaction() as connection:
            await repository.upsert_tickets(connection, [snapshot])
