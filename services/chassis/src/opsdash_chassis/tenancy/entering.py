"""SQL of entering an org: as the first statement of a transaction, or together with what is read there."""

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
from opsdash_chassis.tenancy.errors import FeatureNotAvailable, NotVisible, RoleTooLow

Access = TypeVar("Access", bound=TenantAccess[Any])

_ENTER_ORG = "SELECT org_id, plate, role, transaction_time FROM enter_org($1, $2)"
# What is read hangs on the row of the org entered, behind OFFSET 0, which the planner does not look through: so it can
# only run after the tenant has been set, as the inner side of a nested loop, which also keeps its order. Should a
# planner ever find another way, row-level security shows it nothing.
_ENTER_AND_READ = """
SELECT entered.org_id AS entered_org_id, entered.plate AS entered_plate, entered.role AS entered_role,
       entered.transaction_time, found.*
FROM (SELECT org_id, plate, role, transaction_time FROM enter_org($1, {caller}) LIMIT 1) entered
LEFT JOIN LATERAL (SELECT true AS is_found, wanted.* FROM ({statement} OFFSET 0) wanted) found ON true
"""
_ORG_PARAMETER = re.compile(r"\$1(?!\d)")


@dataclass(frozen=True, slots=True)
class Entered:
    """The org a transaction is in, the caller's role there, and the transaction's time."""

    org_id: UUID
    plate: Plate
    role: Role
    now: datetime


class Entrance:
    """A connection on its way into an org: a statement enters it and reads there, in one round trip."""

    def __init__(self, connection: Connection, slug: str, user_id: UUID) -> None:
        self._connection = connection
        self._slug = slug
        self._user_id = user_id
        self._entered: Entered | None = None

    @property
    def entered(self) -> Entered:
        """Once something was read."""
        if self._entered is None:
            raise RuntimeError("nothing was read on entering")
        return self._entered

    async def fetch(self, statement: str, *parameters: object) -> list[Record]:
        """`statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` follow.

        Raises NotVisible when the user is no member.
        """
        found = await read_in_org(self._connection, self._slug, self._user_id, statement, *parameters)
        if found is None:
            raise NotVisible
        self._entered, rows = found
        return rows


async def enter_org(connection: Connection, slug: str, user_id: UUID) -> Entered | None:
    """Make the org the tenant of this transaction if the user is a member."""
    row = await connection.fetchrow(_ENTER_ORG, slug, user_id)
    if row is None:
        return None
    return Entered(row["org_id"], Plate(row["plate"]), Role(row["role"]), row["transaction_time"])


def authorize(kind: type[Access], entered: Entered, *, slug: str, user_id: UUID, action: StrEnum) -> Access:
    """The member's access, if the action is part of it. Raises FeatureNotAvailable before RoleTooLow."""
    access = kind(entered.org_id, slug, entered.plate, entered.role, user_id)
    if access.plate not in PLATES_WITH_SUPPORT:
        raise FeatureNotAvailable(access.plate, PLATES_WITH_SUPPORT)
    if not access.may(action):
        raise RoleTooLow
    return access


async def read_in_org(
    connection: Connection, slug: str, user_id: UUID, statement: str, *parameters: object
) -> tuple[Entered, list[Record]] | None:
    """Enter the org and read in it, in one round trip; None when the user is no member.

    `statement` is written for a transaction inside the org: its `$1` is the org's id, `parameters` are `$2` and on.
    """
    entering = _with_entrance(statement, len(parameters) + 2)
    rows = await connection.fetch(entering, slug, *parameters, user_id)
    if not rows:
        return None
    first = rows[0]
    entered = Entered(
        first["entered_org_id"], Plate(first["entered_plate"]), Role(first["entered_role"]), first["transaction_time"]
    )
    return entered, rows if first["is_found"] else []


@lru_cache(maxsize=1024)
def _with_entrance(statement: str, caller: int) -> str:
    """The same text for the same statement, so that it stays prepared."""
    return _ENTER_AND_READ.format(statement=_ORG_PARAMETER.sub("entered.org_id", statement), caller=f"${caller}")
