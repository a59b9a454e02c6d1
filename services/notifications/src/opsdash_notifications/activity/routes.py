"""The internal route of a ticket's activity."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_chassis.database.pools import Database

from opsdash_notifications.activity.schemas import Activity
from opsdash_notifications.activity.service import activity_of


@get("/orgs/{org_id:uuid}/tickets/{ticket_id:uuid}/activity")
async def get_activity(
    org_id: FromPath[UUID], ticket_id: FromPath[UUID], database: NamedDependency[Database]
) -> Activity:
    """What was counted of a ticket; 404 when nothing was, in this org."""
    async with database.tenant_transaction() as connection:
        return msgspec.convert(await activity_of(connection, org_id, ticket_id), Activity, from_attributes=True)
