"""What other services may ask about tickets; never reachable through the gateway."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from opsdash_chassis.database.pools import Database
from opsdash_http.security.authentication import Services
from opsdash_tenancy.excerpts import Excerpt, excerpt
from opsdash_tenancy.open_tenant import open_for
from opsdash_tenancy.references import id_or_number

from opsdash_tickets.access import repository as access_repository
from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.errors import NotFound
from opsdash_tickets.names import repository as names_repository
from opsdash_tickets.tickets.schemas import DatabaseTime, Existence, People, PeopleRequest


@get("/orgs/{org_id:uuid}/tickets/{reference:str}")
async def ticket_existence(
    org_id: FromPath[UUID], reference: FromPath[str], database: NamedDependency[Database]
) -> Existence:
    """Whether the org has such a ticket, deleted ones included, and in which version."""
    async with database.worker_transaction() as connection:
        row = await access_repository.existence(connection, org_id, id_or_number(reference))
    if row is None:
        raise NotFound
    return msgspec.convert(row, Existence, from_attributes=True)


@get("/orgs/{org_id:uuid}/readers/{reader:uuid}/tickets/{ticket_id:uuid}/text")
async def ticket_text(
    org_id: FromPath[UUID], reader: FromPath[UUID], ticket_id: FromPath[UUID], database: NamedDependency[Database]
) -> Excerpt:
    """How the description of a ticket begins, for a member who may read it."""
    async with database.tenant_transaction() as connection:
        await open_for(connection, Access, org_id, reader, Action.READ)
        text = await access_repository.description(connection, org_id, ticket_id)
    if text is None:
        raise NotFound
    return excerpt(text)


@post("/orgs/{org_id:uuid}/people", status_code=200)
async def people_of_org(
    org_id: FromPath[UUID], data: JSONBody[PeopleRequest], database: NamedDependency[Database]
) -> People:
    """The names of people whom another service knows by id; of who has left too."""
    async with database.worker_transaction() as connection:
        return People(people=await names_repository.people(connection, org_id, data.ids))


@get("/clock")
async def database_time(database: NamedDependency[Database]) -> DatabaseTime:
    """What time it is by the database's clock."""
    return DatabaseTime(now=await database.current_time())


ROUTES = [
    Router(
        "/internal",
        route_handlers=[ticket_existence],
        opt={"authentication": Services(("comments", "notifications"))},
        include_in_schema=False,
    ),
    Router(
        "/internal",
        route_handlers=[ticket_text],
        opt={"authentication": Services(("notifications",))},
        include_in_schema=False,
    ),
    Router(
        "/internal",
        route_handlers=[database_time, people_of_org],
        opt={"authentication": Services(("gateway",))},
        include_in_schema=False,
    ),
]
