"""One request inside one org: reads on opening it, transactions in it, and writes that happen once per key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from litestar import Response
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.database.pools import Connection, Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.limits.cost import current_cost
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.requests.idempotency import answer_once
from opsdash_http.security.authentication import caller_of
from opsdash_http.types import HttpRequest

from opsdash_tenancy.errors import NotFound
from opsdash_tenancy.open_tenant import Access, TenantContext, TenantReader, authorize, open_tenant

Body = TypeVar("Body")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class AppDependencies:
    """What every request of a process shares."""

    database: Database
    org_limit: RateLimit
    cursors: Cursors


@dataclass(frozen=True, slots=True)
class ScopedResult(Generic[Access, Result]):
    """What was found on opening an org, and the time of the database then."""

    access: Access
    now: datetime
    found: Result


class RequestScope(Generic[Access]):
    """Made anew for each request. A service's own one says what access is there, and adds what its routes share."""

    access: type[Access]

    def __init__(self, request: HttpRequest, slug: str, dependencies: AppDependencies) -> None:
        self._request = request
        self._slug = slug
        self._caller = caller_of(request)
        self._database = dependencies.database
        self._org_limit = dependencies.org_limit
        self.cursors = dependencies.cursors
        self._tenant: TenantContext | None = None

    @property
    def user_id(self) -> UUID:
        """Who asks."""
        return self._caller.user_id

    @property
    def slug(self) -> str:
        """The org as it was asked for; not yet opened."""
        return self._slug

    @property
    def tenant(self) -> TenantContext:
        """The org as it was opened last."""
        if self._tenant is None:
            raise RuntimeError("the org has not been opened")
        return self._tenant

    async def read(
        self, action: StrEnum, find: Callable[[TenantReader], Awaitable[Result]]
    ) -> ScopedResult[Access, Result]:
        """Let a repository read on opening the org, which is one round trip, if the caller may do `action` there."""
        async with self._database.tenant_statement() as connection:
            reader = TenantReader(connection, self._slug, self.user_id)
            found = await find(reader)
        self._tenant = reader.tenant
        access = self._authorize(self._tenant, action)
        self._count(access)
        return ScopedResult(access, self._tenant.now, found)

    @asynccontextmanager
    async def transaction(self, action: StrEnum) -> AsyncIterator[tuple[UnitOfWork, Access]]:
        """Inside the org, if the caller may do that there; committed when the block ends well."""
        async with self._database.tenant_transaction() as connection:
            work, access = await self._open(connection, action)
            self._count(access)
            yield work, access

    async def once(
        self,
        work: UnitOfWork,
        access: Access,
        act: Callable[[], Awaitable[Response[Body]]],
        *,
        key: str | None,
        ids: Mapping[str, UUID],
    ) -> Response[Body]:
        """Act in this transaction, or answer as the first request with this Idempotency-Key was answered.

        `ids` says which objects the names in the path mean.
        """
        return await answer_once(
            work.connection,
            self._request,
            key=key,
            org_id=access.org_id,
            user_id=access.user_id,
            act=act,
            ids=ids,
        )

    async def _open(self, connection: Connection, action: StrEnum) -> tuple[UnitOfWork, Access]:
        """Raises NotFound before FeatureNotAvailable before Forbidden."""
        tenant = await open_tenant(connection, self._slug, self.user_id)
        if tenant is None:
            raise NotFound
        self._tenant = tenant
        return UnitOfWork(connection=connection, now=tenant.now), self._authorize(tenant, action)

    def _authorize(self, tenant: TenantContext, action: StrEnum) -> Access:
        return authorize(self.access, tenant, slug=self._slug, user_id=self.user_id, action=action)

    def _count(self, access: Access) -> None:
        """Raises the 429 problem when the org is over its limit."""
        self._org_limit.check(access.org_id)
        current_cost().is_paid_by(self._org_limit, access.org_id)
