"""One request about tickets inside one org: what the routes of all rooms share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

import opsdash_markdown as markdown
from litestar import Response
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.types import HttpRequest
from opsdash_markdown import Rendered
from opsdash_tenancy import request_scope
from opsdash_tenancy.directory_cache import DirectoryCache
from opsdash_tenancy.open_tenant import OpenTenant, ReadsInTenant
from opsdash_tenancy.references import id_or_number

from opsdash_tickets.access import repository
from opsdash_tickets.access.exports import Exports
from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.names import repository as names_repository
from opsdash_tickets.names.model import NameIds, Names

#: The request header that names them, by id with commas.
COMMENTED_TICKETS: Final = "opsdash-commented-tickets"
Body = TypeVar("Body")
Act = Callable[[UnitOfWork, Access], Awaitable[Response[Body]]]


@dataclass(frozen=True, slots=True)
class AppDependencies(request_scope.AppDependencies):
    """What every request of this process shares."""

    exports: Exports
    names: DirectoryCache[Names]


class RequestScope(request_scope.RequestScope[Access]):
    """Made by a dependency."""

    access = Access

    def __init__(self, request: HttpRequest, slug: str, dependencies: AppDependencies) -> None:
        super().__init__(request, slug, dependencies)
        self._exports = dependencies.exports
        self._names = dependencies.names

    @property
    def commented(self) -> str:
        """Tickets that the gateway has found by their comments; clients cannot send it through the gateway."""
        return self._request.headers.get(COMMENTED_TICKETS, "")

    async def render(self, text: str) -> Rendered:
        """The HTML of a description, made outside any transaction: long ones for those only who may write here."""
        if len(text) > markdown.AT_ONCE:
            async with self.transaction(Action.WRITE):
                pass
        return await markdown.render_soon(text)

    async def write(self, action: Action, act: Act[Body], *, key: str | None) -> Response[Body]:
        """Run a write in one transaction, once per Idempotency-Key."""
        async with self.transaction(action) as (work, access):
            ids = await self._ids(work, access) if key is not None else {}
            return await self.once(work, access, lambda: act(work, access), key=key, ids=ids)

    async def names_with(self, reader: ReadsInTenant, wanted: NameIds) -> Names:
        """The names that are shown with what `reader` has read on opening the org."""
        return await self._names.complete(reader, partial(names_repository.look_up, reader=reader, wanted=wanted))

    async def names_in(self, work: UnitOfWork, wanted: NameIds) -> Names:
        """The same in a transaction of this request."""
        return await self.names_with(OpenTenant(work.connection, self.tenant), wanted)

    def begin_export(self, access: Access) -> None:
        """To be called before a request reads more than one page. Raises the 429 problem."""
        self._exports.begin(access, self._request.scope)

    @asynccontextmanager
    async def next_page(self) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """A transaction for a further page of an export, which is limited as a whole."""
        async with self._database.long_read_transaction() as connection:
            yield await self._open(connection, Action.READ)

    async def _ids(self, work: UnitOfWork, access: Access) -> dict[str, UUID]:
        """Which ticket the path means, if it names one that exists."""
        named = self._request.path_params.get("reference")
        if named is None:
            return {}
        reference = id_or_number(named)
        if isinstance(reference, UUID):
            return {"reference": reference}
        found = await repository.existence(work.connection, access.org_id, reference)
        return {} if found is None else {"reference": found.ticket_id}
