"""What every route shares: the unit of work inside an org, the write that happens once, the versioned answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request, Response
from opsdash_chassis.database import Database
from opsdash_chassis.http.idempotency import answer_once
from opsdash_chassis.http.rate_limits import RateLimit
from opsdash_chassis.http.tokens import Caller
from opsdash_chassis.unit_of_work import UnitOfWork

from opsdash_tickets import model, use_cases
from opsdash_tickets.model import Access, Action
from opsdash_tickets.schemas import TicketDetail
from opsdash_tickets.views import person, ticket_fields

Body = TypeVar("Body")
Act = Callable[[UnitOfWork, Access], Awaitable[Response[Body]]]


class Edge:
    """One request's way into the domain, made by a dependency."""

    def __init__(
        self, request: Request[Any, Any, Any], slug: str, caller: Caller, database: Database, org_limit: RateLimit
    ) -> None:
        self._request = request
        self._slug = slug
        self._caller = caller
        self._database = database
        self._org_limit = org_limit

    @asynccontextmanager
    async def work(self, action: Action) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """A transaction inside the org, if the caller may do that there; committed when the block ends well."""
        async with self._database.tenant_transaction() as connection:
            work, access = await use_cases.enter(
                connection, slug=self._slug, user_id=self._caller.user_id, action=action
            )
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


async def detail_answer(
    work: UnitOfWork, access: Access, reference: UUID | int, *, status: int = 200, located: bool = False
) -> Response[TicketDetail]:
    """The ticket as it is in this transaction, with its version as ETag."""
    row = await use_cases.ticket_detail(work, access, reference)
    fields = ticket_fields(row, work.now)
    detail = TicketDetail(
        **fields,
        description=row["description"],
        updated_by=person(row, "updated_by", "updater"),
        allowed_statuses=model.allowed_statuses(fields["status"]),
        permissions=access.permissions,
    )
    headers = {"ETag": f'"{detail.version}"'}
    if located:
        headers["Location"] = f"/api/orgs/{access.slug}/tickets/{detail.id}"
    return Response(detail, status_code=status, headers=headers)
