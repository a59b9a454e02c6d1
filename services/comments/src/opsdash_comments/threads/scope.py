"""What every route shares: the unit of work inside an org, the ticket that is settled first, the write that is once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from litestar import Request, Response
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.http.limits.cost import current_cost
from opsdash_chassis.http.limits.rate_limits import RateLimit
from opsdash_chassis.http.requests.idempotency import answer_once
from opsdash_chassis.http.security.authentication import caller_of
from opsdash_chassis.tenancy.entering import Entrance
from opsdash_chassis.tenancy.references import object_id
from opsdash_chassis.text import markdown
from opsdash_chassis.text.markdown import Rendered

from opsdash_comments.access.entering import admit
from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.errors import NotVisible, TicketUnsettled
from opsdash_comments.threads import repository
from opsdash_comments.threads.entering import enter
from opsdash_comments.threads.model import Thread
from opsdash_comments.threads.tickets_client import TicketClient

Result = TypeVar("Result")
Body = TypeVar("Body")
Act = Callable[[UnitOfWork, Access, Thread], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Doors:
    """What every request of this process shares."""

    database: Database
    org_limit: RateLimit
    cursors: Cursors
    tickets: TicketClient


@dataclass(frozen=True, slots=True)
class Reading(Generic[Result]):
    """What was found on entering an org."""

    access: Access
    found: Result


class Edge:
    """One request's way into the domain, made by a dependency."""

    def __init__(self, request: Request[Any, Any, Any], slug: str, doors: Doors) -> None:
        self._request = request
        self._slug = slug
        self._caller = caller_of(request)
        self._database = doors.database
        self._org_limit = doors.org_limit
        self._tickets = doors.tickets
        self.cursors = doors.cursors

    async def run(self, action: CommentAction, reference: UUID | int, act: Act[Result]) -> Result:
        """Run something about a living ticket in one transaction; one that is not known as such is asked for first."""
        try:
            return await self._run(action, reference, act)
        except TicketUnsettled as unsettled:
            await self._settle(unsettled)
        try:
            return await self._run(action, reference, act)
        except TicketUnsettled:
            raise NotVisible from None

    async def write(self, reference: UUID | int, act: Act[Response[Body]], *, key: str | None) -> Response[Body]:
        """Comment on a ticket in one transaction, once per Idempotency-Key."""

        async def act_once(work: UnitOfWork, access: Access, thread: Thread) -> Response[Body]:
            return await answer_once(
                work.connection,
                self._request,
                key=key,
                org_id=access.org_id,
                user_id=access.user_id,
                act=lambda: act(work, access, thread),
                ids=self._ids(thread),
            )

        return await self.run(CommentAction.COMMENT, reference, act_once)

    def _ids(self, thread: Thread) -> dict[str, UUID]:
        """Which ticket and which comment the path means."""
        comment = self._request.path_params.get("comment_id")
        return {"reference": thread.ticket_id} | ({} if comment is None else {"comment_id": object_id(comment)})

    async def _run(self, action: CommentAction, reference: UUID | int, act: Act[Result]) -> Result:
        async with self._database.tenant_transaction() as connection:
            work, access, thread = await enter(
                connection, slug=self._slug, user_id=self._caller.user_id, action=action, reference=reference
            )
            self._count(access)
            if thread is None or not thread.living:
                raise TicketUnsettled(access.org_id, reference, known=thread is not None)
            return await act(work, access, thread)

    async def read(
        self, find: Callable[[Entrance], Awaitable[Result]], *, action: CommentAction = CommentAction.READ
    ) -> Reading[Result]:
        """Let a repository read on entering the org: one round trip, not five."""
        user_id = self._caller.user_id
        async with self._database.tenant_statement() as connection:
            entrance = Entrance(connection, self._slug, user_id)
            found = await find(entrance)
        access = admit(entrance.entered, slug=self._slug, user_id=user_id, action=action)
        self._count(access)
        return Reading(access, found)

    async def render(self, reference: UUID | int, text: str) -> Rendered:
        """The HTML of a text for this ticket, outside any transaction; long ones for those only who may comment."""
        if len(text) > markdown.AT_ONCE:
            await self.read(lambda at: repository.thread(at, reference, lock=False), action=CommentAction.COMMENT)
        return await markdown.render_soon(text)

    async def look_again(self, reference: UUID | int) -> None:
        """Learn from the owner what became of a ticket, before its event tells. Not counted against the org's limit.

        Raises NotVisible when there is no such ticket, Unavailable when the owner cannot be reached.
        """
        async with self._database.tenant_statement() as connection:
            _, access, _ = await enter(
                connection,
                slug=self._slug,
                user_id=self._caller.user_id,
                action=CommentAction.READ,
                reference=reference,
            )
        await self._settle(TicketUnsettled(access.org_id, reference, known=False))

    def _count(self, access: Access) -> None:
        """Raises the 429 problem when the org is over its limit."""
        self._org_limit.check(access.org_id)
        current_cost().is_paid_by(self._org_limit, access.org_id)

    async def _settle(self, unsettled: TicketUnsettled) -> None:
        """Ask the owner, outside any transaction, and store its answer as a fact.

        Raises NotVisible when there is no such ticket, Unavailable when the owner cannot be reached.
        """
        try:
            fact = await self._tickets.fact(unsettled.org_id, unsettled.reference)
        except Unavailable:
            if unsettled.known:  # as deleted; only whether it was restored a moment ago stays open
                raise NotVisible from None
            raise
        if fact is None:
            raise NotVisible
        async with self._database.worker_transaction() as connection:
            await repository.learn(connection, [fact])
