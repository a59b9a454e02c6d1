"""The routes of all rooms, and the request's way into an org that those below one are given."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from opsdash_http.types import HttpRequest

from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.activity import routes as activity_routes
from opsdash_tickets.listing import routes as listing_routes
from opsdash_tickets.me import preferences_routes
from opsdash_tickets.me import routes as me_routes
from opsdash_tickets.overview import internal_routes as overview_internal_routes
from opsdash_tickets.overview import routes as overview_routes
from opsdash_tickets.sla import routes as sla_routes
from opsdash_tickets.tickets import internal_routes
from opsdash_tickets.tickets import routes as tickets_routes


async def provide_request_scope(
    request: HttpRequest,
    slug: FromPath[str],
) -> RequestScope:
    """A dependency without dependencies: side by side, the framework resolves them in a task each."""
    return RequestScope(request, slug, request.app.state.dependencies)


ROUTES: list[ControllerRouterHandler] = [
    *me_routes.ROUTES,
    *preferences_routes.ROUTES,
    *internal_routes.ROUTES,
    overview_internal_routes.INTERNAL,
    sla_routes.INTERNAL,
    Router(
        "/orgs/{slug:str}",
        dependencies={"org": Provide(provide_request_scope)},
        route_handlers=[
            *overview_routes.ROUTES,
            listing_routes.export_tickets,
            Router(
                "/tickets",
                route_handlers=[
                    listing_routes.list_tickets,
                    *tickets_routes.ROUTES,
                    activity_routes.ticket_activity,
                    *sla_routes.TICKET_ROUTES,
                ],
                tags=["tickets"],
            ),
        ],
    ),
]
