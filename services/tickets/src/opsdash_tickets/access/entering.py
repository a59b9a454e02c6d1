"""How a caller enters an org."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.tenancy.entering import Entered, enter_org
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT

from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.errors import FeatureNotAvailable, NotVisible, RoleTooLow


async def enter(connection: Connection, *, slug: str, user_id: UUID, action: Action) -> tuple[UnitOfWork, Access]:
    """Open the org for the caller, or raise: NotVisible before FeatureNotAvailable before RoleTooLow."""
    entered = await enter_org(connection, slug, user_id)
    if entered is None:
        raise NotVisible
    access = admit(entered, slug=slug, user_id=user_id, action=action)
    return UnitOfWork(connection=connection, now=entered.now), access


def admit(entered: Entered, *, slug: str, user_id: UUID, action: Action) -> Access:
    """What the member may do here, if this is part of it. Raises FeatureNotAvailable before RoleTooLow."""
    access = Access(entered.org_id, slug, entered.plate, entered.role, user_id)
    if access.plate not in PLATES_WITH_SUPPORT:
        raise FeatureNotAvailable(access.plate, PLATES_WITH_SUPPORT)
    if not access.may(action):
        raise RoleTooLow
    return access
