"""Names of people for the gateway, which composes what other services know by id only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from opsdash_chassis.database.pools import Database
from opsdash_http.security.authentication import Services

from opsdash_tickets.common_schemas import Body
from opsdash_tickets.names import repository
from opsdash_tickets.names.entities import Person


class PeopleRequest(Body):
    ids: Annotated[list[UUID], Meta(max_length=2000)]


class People(Body):
    """Those of the people whom the org has or had."""

    people: list[Person]


@post("/orgs/{org_id:uuid}/people", status_code=200)
async def people_of_org(
    org_id: FromPath[UUID], data: JSONBody[PeopleRequest], database: NamedDependency[Database]
) -> People:
    """The names of these people, of who has left too."""
    async with database.worker_transaction() as connection:
        return People(people=await repository.people(connection, org_id, data.ids))


INTERNAL = Router(
    "/internal", route_handlers=[people_of_org], opt={"authentication": Services(("gateway",))}, include_in_schema=False
)
