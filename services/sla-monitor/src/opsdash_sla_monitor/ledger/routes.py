"""The internal route of a ticket's ledger."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_chassis.database.pools import Database

from opsdash_sla_monitor.ledger.schemas import Ledger
from opsdash_sla_monitor.ledger.service import ledger


@get("/orgs/{org_id:uuid}/tickets/{ticket_id:uuid}/ledger")
async def get_ledger(org_id: FromPath[UUID], ticket_id: FromPath[UUID], database: NamedDependency[Database]) -> Ledger:
    """Everything that happened to a ticket's due time; empty for a ticket never heard of."""
    async with database.tenant_transaction() as connection:
        return msgspec.convert(await ledger(connection, org_id, ticket_id), Ledger, from_attributes=True)
