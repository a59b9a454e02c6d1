"""One request inside one org, and one about a ticket there: it is known, or asked for, before anything is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.types import HttpRequest
from opsdash_tenancy import request_scope
from opsdash_tenancy.directory_repository import PEOPLE, KnownPerson
from opsdash_tenancy.open_tenant import OpenTenant

from opsdash_notifications.access.policy import Access, NoticeAction
from opsdash_notifications.errors import NotFound, TicketUnknown
from opsdash_notifications.tickets import repository
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.tickets_client import TicketClient

Result = TypeVar("Result")
Act = Callable[[UnitOfWork, Access, KnownTicket], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class AppDependencies(request_scope.AppDependencies):
    """What every request of this process shares."""

    tickets: TicketClient


class RequestScope(request_scope.RequestScope[Access]):
    """Made by a dependency."""

    access = Access

    def __init__(self, request: HttpRequest, slug: str, dependencies: AppDependencies) -> None:
        super().__init__(request, slug, dependencies)
        self._tickets = dependencies.tickets

    async def run(self, action: NoticeAction, reference: UUID | int, act: Act[Result]) -> Result:
        """Run something about a living ticket in one transaction; one that is not known is asked for first.

        Raises NotFound when there is no such ticket, Unavailable when the tickets service cannot be asked.
        """
        try:
            return await self._run(action, reference, act)
        except TicketUnknown as unknown:
            await self._resolve(unknown)
        try:
            return await self._run(action, reference, act)
        except TicketUnknown:
            raise NotFound from None

    async def people(self, work: UnitOfWork, wanted: Iterable[UUID]) -> dict[UUID, KnownPerson]:
        """Those of the wanted people whom the directory has, who have left included."""
        reader = OpenTenant(work.connection, self.tenant)
        return {person.id: person for person in await reader.fetch(KnownPerson, PEOPLE, list(set(wanted)))}

    async def _run(self, action: NoticeAction, reference: UUID | int, act: Act[Result]) -> Result:
        async with self.transaction(action) as (work, access):
            ticket = await repository.find(OpenTenant(work.connection, self.tenant), reference)
            if ticket is None:
                raise TicketUnknown(access.org_id, reference)
            if ticket.deleted_at is not None:
                raise NotFound
            return await act(work, access, ticket)

    async def _resolve(self, unknown: TicketUnknown) -> None:
        """Ask the tickets service, outside any transaction, and store its answer."""
        found = await self._tickets.known(unknown.org_id, unknown.reference)
        if found is None:
            raise NotFound
        async with self._database.worker_transaction() as connection:
            await repository.store(connection, found)
