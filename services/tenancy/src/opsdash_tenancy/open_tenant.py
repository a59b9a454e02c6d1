"""SQL of opening an org: as the first statement of a transaction, or together with what is read there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row
from opsdash_contracts.access import TenantAccess
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT, Plate, Role

from opsdash_tenancy.errors import FeatureNotAvailable, Forbidden, NotFound

Access = TypeVar("Access", bound=TenantAccess[Any])
Found = TypeVar("Found")

_OPEN_TENANT = "SELECT org_id, plate, role, transaction_time, directory_revision FROM enter_org($1, $2)"
# What is read hangs on the row of the org opened, behind OFFSET 0, which the planner does not look through: so it can
# only run after the tenant has been set, as the inner side of a nested loop, which also keeps its order. Should a
# planner ever find another way, row-level security shows it nothing.
_OPEN_AND_READ = """
SELECT entered.org_id, entered.plate, entered.role, entered.transaction_time, entered.directory_revision,
       found.*
FROM (SELECT org_id, plate, role, transaction_time, directory_revision FROM enter_org($1, {caller}) LIMIT 1) entered
LEFT JOIN LATERAL (SELECT true AS is_found, wanted.* FROM ({statement} OFFSET 0) wanted) found ON true
"""
_ORG_PARAMETER = re.compile(r"\$1(?!\d)")


class _Opened(Row, frozen=True):
    """The org that was opened, as the database knows it."""

    org_id: UUID
    plate: str
    role: str
    transaction_time: datetime
    directory_revision: int

    def context(self) -> TenantContext:
        return TenantContext(
            self.org_id, Plate(self.plate), Role(self.role), self.transaction_time, self.directory_revision
        )


class _OpenedWith(_Opened, frozen=True):
    """The same where something is read with it: `is_found` is null when there is nothing."""

    is_found: bool | None


_OPENED_COLUMNS = len(_OpenedWith.__struct_fields__)


@dataclass(frozen=True, slots=True)
class TenantContext:
    """The org a transaction is in, the caller's role there, and the transaction's time.

    `directory_revision` counts the changes of the org's directory: what was read at a revision holds until the next.
    """

    org_id: UUID
    plate: Plate
    role: Role
    now: datetime
    directory_revision: int


class ReadsInTenant(Protocol):
    """What reads inside an org: `$1` of a statement is the org's id, `parameters` follow; each row is a `kind`."""

    @property
    def tenant(self) -> TenantContext: ...
    async def fetch(self, kind: type[Found], statement: str, *parameters: object) -> list[Found]: ...


@dataclass(frozen=True, slots=True)
class OpenTenant:
    """Reads in the org that a transaction has open."""

    connection: Connection
    tenant: TenantContext

    async def fetch(self, kind: type[Found], statement: str, *parameters: object) -> list[Found]:
        return to_rows(kind, await self.connection.fetch(statement, self.tenant.org_id, *parameters))


class TenantReader:
    """Reads in an org that is not open yet: one statement opens it and reads there, in one round trip."""

    def __init__(self, connection: Connection, slug: str, user_id: UUID) -> None:
        self._connection = connection
        self._slug = slug
        self._user_id = user_id
        self._tenant: TenantContext | None = None

    @property
    def tenant(self) -> TenantContext:
        """Once something was read."""
        if self._tenant is None:
            raise RuntimeError("the org was not opened: nothing was read")
        return self._tenant

    async def fetch(
        self, kind: type[Found], statement: str, *parameters: object, seconds: float | None = None
    ) -> list[Found]:
        """The rows of a statement, each as a `kind`; it is given up after `seconds`, in the database too.

        `statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` follow.
        Raises NotFound when the user is no member.
        """
        # By its id, once it is known: between two statements a slug may become another org's.
        org = self._slug if self._tenant is None else str(self._tenant.org_id)
        found = await read_in_org(self._connection, org, self._user_id, kind, statement, *parameters, seconds=seconds)
        if found is None:
            raise NotFound
        self._tenant, rows = found
        return rows


async def open_tenant(connection: Connection, slug: str, user_id: UUID) -> TenantContext | None:
    """Make the org the tenant of this transaction if the user is a member."""
    opened = to_row(_Opened, await connection.fetchrow(_OPEN_TENANT, slug, user_id))
    return None if opened is None else opened.context()


def authorize(kind: type[Access], tenant: TenantContext, *, slug: str, user_id: UUID, action: StrEnum) -> Access:
    """The member's access, if the action is part of it. Raises FeatureNotAvailable before Forbidden."""
    access = kind(tenant.org_id, slug, tenant.plate, tenant.role, user_id)
    if access.plate not in PLATES_WITH_SUPPORT:
        raise FeatureNotAvailable(access.plate, PLATES_WITH_SUPPORT)
    if not access.may(action):
        raise Forbidden
    return access


async def open_for(
    connection: Connection, kind: type[Access], org_id: UUID, user_id: UUID, action: StrEnum
) -> TenantContext:
    """Open an org for another service of ours, with the rights of the person whom it names.

    Raises NotFound where that person may not, whatever the reason.
    """
    tenant = await open_tenant(connection, str(org_id), user_id)
    if tenant is None:
        raise NotFound
    try:
        authorize(kind, tenant, slug=str(org_id), user_id=user_id, action=action)
    except (FeatureNotAvailable, Forbidden):
        raise NotFound from None
    return tenant


async def read_in_org(
    connection: Connection,
    slug: str,
    user_id: UUID,
    kind: type[Found],
    statement: str,
    *parameters: object,
    seconds: float | None = None,
) -> tuple[TenantContext, list[Found]] | None:
    """Open the org and read in it, in one round trip; None when the user is no member.

    `statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` are `$2` and on.
    """
    whole = _with_tenant(statement, len(parameters) + 2)
    found = await connection.fetch(whole, slug, *parameters, user_id, timeout=seconds)
    if not found:
        return None
    opened = _OpenedWith(*found[0][:_OPENED_COLUMNS])
    return opened.context(), to_rows(kind, found, skip=_OPENED_COLUMNS) if opened.is_found else []


@lru_cache(maxsize=1024)
def _with_tenant(statement: str, caller: int) -> str:
    """The same text for the same statement, so that it stays prepared."""
    return _OPEN_AND_READ.format(statement=_ORG_PARAMETER.sub("entered.org_id", statement), caller=f"${caller}")
