"""Routes of the caller."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency
from opsdash_chassis.database.pools import Database
from opsdash_http.security.tokens import Caller

from opsdash_tickets.me import repository
from opsdash_tickets.me.schemas import Me, Membership


@get("/me", operation_id="getMe", tags=["me"])
async def get_me(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> Me:
    """The caller and the orgs they belong to."""
    async with database.tenant_transaction() as connection:
        orgs = await repository.orgs_of_user(connection, caller.user_id)
    return Me(user_id=caller.user_id, orgs=msgspec.convert(orgs, list[Membership], from_attributes=True))


ROUTES = [get_me]
