"""The internal routes of all rooms. Only services that know the internal token may call them."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler
from opsdash_http.security.authentication import Services

from opsdash_sla_monitor.ledger.routes import get_ledger
from opsdash_sla_monitor.sweep.routes import get_alive, run_sweep

ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/internal",
        route_handlers=[run_sweep, get_alive, get_ledger],
        opt={"authentication": Services(("gateway",))},
        include_in_schema=False,
    )
]
