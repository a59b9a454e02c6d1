"""What other services may ask about many tickets; never reachable through the gateway."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_chassis.database.pools import Database
from opsdash_contracts.workspace import Role
from opsdash_http.security.authentication import Services
from opsdash_tenancy.open_tenant import open_for

from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.overview.overdue_repository import overdue
from opsdash_tickets.overview.schemas import Overdue, OverdueEntry


@get("/orgs/{org_id:uuid}/readers/{reader:uuid}/overdue")
async def overdue_tickets(
    org_id: FromPath[UUID], reader: FromPath[UUID], database: NamedDependency[Database]
) -> Overdue:
    """What is overdue and assigned to a member; for owners and admins also what is assigned to nobody."""
    async with database.tenant_transaction() as connection:
        tenant = await open_for(connection, Access, org_id, reader, Action.READ)
        unassigned = tenant.role in {Role.OWNER, Role.ADMIN}
        found = await overdue(connection, org_id, reader, unassigned=unassigned)
    entries = [OverdueEntry(number=each.number, title=each.title, due_at=each.due_at) for each in found]
    return Overdue(tickets=entries, found=found[0].found if found else 0)


INTERNAL = Router(
    "/internal",
    route_handlers=[overdue_tickets],
    opt={"authentication": Services(("notifications",))},
    include_in_schema=False,
)
