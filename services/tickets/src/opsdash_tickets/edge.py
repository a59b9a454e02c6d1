"""What every route shares: the unit of work inside an org, the write that happens once, the versioned answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request, Response
from opsdash_chassis.cursors import Cursors
from opsdash_chassis.database import Database, Record
from opsdash_chassis.http.authentication import caller_of
from opsdash_chassis.http.idempotency import answer_once
from opsdash_chassis.http.rate_limits import RateLimit
from opsdash_chassis.tenancy.entering import read_in_org
from opsdash_chassis.unit_of_work import UnitOfWork

from opsdash_tickets import model, use_cases
from opsdash_tickets.errors import NotVisible
from opsdash_tickets.model import Access, Action
from opsdash_tickets.schemas import TicketDetail
from opsdash_tickets.views import Row, person, ticket_fields

Body = TypeVar("Body")
Result = TypeVar("Result")
Act = Callable[[UnitOfWork, Access], Awaitable[Response[Body]]]


@dataclass(frozen=True, slots=True)
class Doors:
    """What every request of this process shares."""

    database: Database
    org_limit: RateLimit
    cursors: Cursors


@dataclass(frozen=True, slots=True)
class Reading:
    """What one statement found inside an org."""

    access: Access
    now: datetime
    rows: list[Record]


class Edge:
    """One request's way into the domain, made by a dependency."""

    def __init__(self, request: Request[Any, Any, Any], slug: str, doors: Doors) -> None:
        self._request = request
        self._slug = slug
        self._caller = caller_of(request)
        self._database = doors.database
        self._org_limit = doors.org_limit
        self.cursors = doors.cursors

    @property
    def user_id(self) -> UUID:
        """Who asks."""
        return self._caller.user_id

    @property
    def slug(self) -> str:
        """The org as it was asked for; not yet entered."""
        return self._slug

    async def read(self, statement: str, *parameters: object, action: Action = Action.READ) -> Reading:
        """Enter the org and read in it by one statement, which has the org's id as `$1`: one round trip, not four."""
        async with self._database.tenant_statement() as connection:
            found = await read_in_org(connection, self._slug, self.user_id, statement, *parameters)
        if found is None:
            raise NotVisible
        entered, rows = found
        access = use_cases.admit(entered, slug=self._slug, user_id=self.user_id, action=action)
        self._org_limit.check(access.org_id)
        return Reading(access, entered.now, rows)

    async def look_in(self, action: Action) -> Reading:
        """Enter the org, and read nothing."""
        async with self._database.tenant_statement() as connection:
            work, access = await use_cases.enter(connection, slug=self._slug, user_id=self.user_id, action=action)
        self._org_limit.check(access.org_id)
        return Reading(access, work.now, [])

    async def change(self, reading: Reading, act: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        """Let one statement that enters the org itself act on what was read: a transaction of its own."""
        return await self._database.tenant_change(lambda connection: act(UnitOfWork(connection, reading.now)))

    @asynccontextmanager
    async def work(self, action: Action) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """A transaction inside the org, if the caller may do that there; committed when the block ends well."""
        async with self._database.tenant_transaction() as connection:
            work, access = await use_cases.enter(connection, slug=self._slug, user_id=self.user_id, action=action)
            self._org_limit.check(access.org_id)
            yield work, access

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
            )


async def detail_answer(work: UnitOfWork, access: Access, reference: UUID | int) -> Response[TicketDetail]:
    """The ticket as it is in this transaction, with its version as ETag."""
    return detail_response(await use_cases.ticket_detail(work, access, reference), access, work.now)


def detail_response(
    row: Row, access: Access, now: datetime, *, status: int = 200, located: bool = False
) -> Response[TicketDetail]:
    """A row of the detail view, as it is answered."""
    fields = ticket_fields(row, now)
    detail = TicketDetail(
        **fields,
        description=row["description"],
        updated_by=person(row["updated_by"], row["updater_name"], row["updater_active"]),
        allowed_statuses=model.allowed_statuses(fields["status"]),
        permissions=access.permissions,
    )
    headers = {"ETag": f'"{detail.version}"'}
    if located:
        headers["Location"] = f"/api/orgs/{access.slug}/tickets/{detail.id}"
    return Response(detail, status_code=status, headers=headers)
