"""What every route shares: the unit of work inside an org, the write that happens once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from litestar import Request, Response
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.http.limits.cost import current_cost
from opsdash_chassis.http.limits.rate_limits import RateLimit
from opsdash_chassis.http.requests.idempotency import answer_once
from opsdash_chassis.http.security.authentication import caller_of
from opsdash_chassis.tenancy.entering import Entrance
from opsdash_chassis.tenancy.references import id_or_number
from opsdash_chassis.text import markdown
from opsdash_chassis.text.markdown import Rendered

from opsdash_tickets.access import entering, repository
from opsdash_tickets.access.exports import Exports
from opsdash_tickets.access.policy import Access, Action

Body = TypeVar("Body")
Result = TypeVar("Result")
Act = Callable[[UnitOfWork, Access], Awaitable[Response[Body]]]


@dataclass(frozen=True, slots=True)
class Doors:
    """What every request of this process shares."""

    database: Database
    org_limit: RateLimit
    cursors: Cursors
    exports: Exports


@dataclass(frozen=True, slots=True)
class Reading(Generic[Result]):
    """What was found on entering an org."""

    access: Access
    now: datetime
    found: Result


class Edge:
    """One request's way into the domain, made by a dependency."""

    def __init__(self, request: Request[Any, Any, Any], slug: str, doors: Doors) -> None:
        self._request = request
        self._slug = slug
        self._caller = caller_of(request)
        self._database = doors.database
        self._org_limit = doors.org_limit
        self._exports = doors.exports
        self.cursors = doors.cursors

    @property
    def user_id(self) -> UUID:
        """Who asks."""
        return self._caller.user_id

    @property
    def slug(self) -> str:
        """The org as it was asked for; not yet entered."""
        return self._slug

    async def read(self, find: Callable[[Entrance], Awaitable[Result]]) -> Reading[Result]:
        """Let a repository read on entering the org: one round trip, not four."""
        async with self._database.tenant_statement() as connection:
            entrance = Entrance(connection, self._slug, self.user_id)
            found = await find(entrance)
        entered = entrance.entered
        access = entering.admit(entered, slug=self._slug, user_id=self.user_id, action=Action.READ)
        self._count(access)
        return Reading(access, entered.now, found)

    async def render(self, text: str) -> Rendered:
        """The HTML of a description, made outside any transaction: long ones for those only who may write here."""
        if len(text) > markdown.AT_ONCE:
            async with self.work(Action.WRITE):
                pass
        return await markdown.render_soon(text)

    @asynccontextmanager
    async def work(self, action: Action) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """A transaction inside the org, if the caller may do that there; committed when the block ends well."""
        async with self._database.tenant_transaction() as connection:
            work, access = await entering.enter(connection, slug=self._slug, user_id=self.user_id, action=action)
            self._count(access)
            yield work, access

    def begin_export(self, access: Access) -> None:
        """To be called before a request reads more than one page. Raises the 429 problem."""
        self._exports.begin(access, self._request.scope)

    @asynccontextmanager
    async def go_on(self) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """Like `work` for the next page of an export, which is limited as a whole."""
        async with self._database.long_read_transaction() as connection:
            yield await entering.enter(connection, slug=self._slug, user_id=self.user_id, action=Action.READ)

    def _count(self, access: Access) -> None:
        """Raises the 429 problem when the org is over its limit."""
        self._org_limit.check(access.org_id)
        current_cost().is_paid_by(self._org_limit, access.org_id)

    async def write(self, action: Action, act: Act[Body], *, key: str | None) -> Response[Body]:
        """Run a write in one transaction, once per Idempotency-Key."""
        async with self.work(action) as (work, access):
            return await answer_once(
                work.connection,
                self._request,
                key=key,
                org_id=access.org_id,
                user_id=access.user_id,
                act=lambda: act(work, access),
                ids=await self._ids(work, access) if key is not None else {},
            )

    async def _ids(self, work: UnitOfWork, access: Access) -> dict[str, UUID]:
        """Which ticket the path means, if it names one that exists."""
        named = self._request.path_params.get("reference")
        if named is None:
            return {}
        reference = id_or_number(named)
        if isinstance(reference, UUID):
            return {"reference": reference}
        found = await repository.existence(work.connection, access.org_id, reference)
        return {} if found is None else {"reference": found["ticket_id"]}
