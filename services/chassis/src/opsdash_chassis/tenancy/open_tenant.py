"""SQL of opening an org: as the first statement of a transaction, or together with what is read there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from opsdash_contracts.access import TenantAccess
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT, Plate, Role

from opsdash_chassis.database.pools import Connection, Record
from opsdash_chassis.tenancy.errors import FeatureNotAvailable, Forbidden, NotFound

Access = TypeVar("Access", bound=TenantAccess[Any])

_OPEN_TENANT = "SELECT org_id, plate, role, transaction_time FROM enter_org($1, $2)"
# What is read hangs on the row of the org opened, behind OFFSET 0, which the planner does not look through: so it can
# only run after the tenant has been set, as the inner side of a nested loop, which also keeps its order. Should a
# planner ever find another way, row-level security shows it nothing.
_OPEN_AND_READ = """
SELECT entered.org_id AS entered_org_id, entered.plate AS entered_plate, entered.role AS entered_role,
       entered.transaction_time, found.*
FROM (SELECT org_id, plate, role, transaction_time FROM enter_org($1, {caller}) LIMIT 1) entered
LEFT JOIN LATERAL (SELECT true AS is_found, wanted.* FROM ({statement} OFFSET 0) wanted) found ON true
"""
_ORG_PARAMETER = re.compile(r"\$1(?!\d)")


@dataclass(frozen=True, slots=True)
class TenantContext:
    """The org a transaction is in, the caller's role there, and the transaction's time."""

    org_id: UUID
    plate: Plate
    role: Role
    now: datetime


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

    async def fetch(self, statement: str, *parameters: object) -> list[Record]:
        """`statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` follow.

        Raises NotFound when the user is no member.
        """
        found = await read_in_org(self._connection, self._slug, self._user_id, statement, *parameters)
        if found is None:
            raise NotFound
        self._tenant, rows = found
        return rows


async def open_tenant(connection: Connection, slug: str, user_id: UUID) -> TenantContext | None:
    """Make the org the tenant of this transaction if the user is a member."""
    row = await connection.fetchrow(_OPEN_TENANT, slug, user_id)
    if row is None:
        return None
    return TenantContext(row["org_id"], Plate(row["plate"]), Role(row["role"]), row["transaction_time"])


def authorize(kind: type[Access], tenant: TenantContext, *, slug: str, user_id: UUID, action: StrEnum) -> Access:
    """The member's access, if the action is part of it. Raises FeatureNotAvailable before Forbidden."""
    access = kind(tenant.org_id, slug, tenant.plate, tenant.role, user_id)
    if access.plate not in PLATES_WITH_SUPPORT:
        raise FeatureNotAvailable(access.plate, PLATES_WITH_SUPPORT)
    if not access.may(action):
        raise Forbidden
    return access


async def read_in_org(
    connection: Connection, slug: str, user_id: UUID, statement: str, *parameters: object
) -> tuple[TenantContext, list[Record]] | None:
    """Open the org and read in it, in one round trip; None when the user is no member.

    `statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` are `$2` and on.
    """
    opening = _with_tenant(statement, len(parameters) + 2)
    rows = await connection.fetch(opening, slug, *parameters, user_id)
    if not rows:
        return None
    first = rows[0]
    tenant = TenantContext(
        first["entered_org_id"], Plate(first["entered_plate"]), Role(first["entered_role"]), first["transaction_time"]
    )
    return tenant, rows if first["is_found"] else []


@lru_cache(maxsize=1024)
def _with_tenant(statement: str, caller: int) -> str:
    """The same text for the same statement, so that it stays prepared."""
    return _OPEN_AND_READ.format(statement=_ORG_PARAMETER.sub("entered.org_id", statement), caller=f"${caller}")
