"""The internal routes of all rooms. Only services that know the internal token may call them."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler
from opsdash_http.security.authentication import Services

from opsdash_notifications.activity.routes import get_activity

ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/internal",
        route_handlers=[get_activity],
        opt={"authentication": Services(("gateway",))},
        include_in_schema=False,
    )
]
