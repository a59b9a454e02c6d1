"""The internal routes: run a sweep, tell a ledger. Only services that know the internal token may call them."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from opsdash_chassis.database.pools import Database
from opsdash_chassis.http.security.authentication import Services

from opsdash_sla_monitor.ledger import ledger
from opsdash_sla_monitor.schemas import Ledger, SweepResult
from opsdash_sla_monitor.sweep import Sweeper


@post("/sweep", status_code=200)
async def run_sweep(sweeper: NamedDependency[Sweeper]) -> SweepResult:
    """Tell everything that is due now; calls that come together share a sweep."""
    return SweepResult(**asdict(await sweeper.sweep()))


@get("/alive", status_code=204)
async def get_alive() -> None:
    """Asks nothing and nobody: whoever waits for a sweep learns that this process still runs."""


@get("/orgs/{org_id:uuid}/tickets/{ticket_id:uuid}/ledger")
async def get_ledger(org_id: FromPath[UUID], ticket_id: FromPath[UUID], database: NamedDependency[Database]) -> Ledger:
    """Everything that happened to a ticket's due time; empty for a ticket never heard of."""
    async with database.tenant_transaction() as connection:
        return await ledger(connection, org_id, ticket_id)


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/internal",
        route_handlers=[run_sweep, get_alive, get_ledger],
        opt={"authentication": Services(("gateway",))},
        include_in_schema=False,
    )
]
