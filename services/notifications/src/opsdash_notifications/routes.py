"""The routes of all rooms under their addresses, and the request's way into an org that they are given."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from opsdash_http.types import HttpRequest

from opsdash_notifications.announcements import routes as announcement_routes
from opsdash_notifications.inbox import routes as inbox_routes
from opsdash_notifications.ledger import routes as ledger_routes
from opsdash_notifications.mail import routes as mail_routes
from opsdash_notifications.org_settings import routes as settings_routes
from opsdash_notifications.reminders import routes as reminder_routes
from opsdash_notifications.team_channels import routes as channel_routes
from opsdash_notifications.tickets.scope import RequestScope
from opsdash_notifications.watching import routes as watching_routes


async def provide_request_scope(
    request: HttpRequest,
    slug: FromPath[str],
) -> RequestScope:
    """A dependency without dependencies: side by side, the framework resolves them in a task each."""
    return RequestScope(request, slug, request.app.state.dependencies)


ROUTES: list[ControllerRouterHandler] = [
    inbox_routes.get_my_inbox,
    *mail_routes.ROUTES,
    Router(
        "/orgs/{slug:str}",
        dependencies={"org": Provide(provide_request_scope)},
        route_handlers=[
            *inbox_routes.ROUTES,
            *settings_routes.ROUTES,
            *channel_routes.ROUTES,
            *announcement_routes.ROUTES,
            *reminder_routes.ROUTES,
            Router(
                "/tickets/{reference:str}",
                route_handlers=[*watching_routes.ROUTES, *reminder_routes.TICKET_ROUTES, *ledger_routes.ROUTES],
            ),
        ],
        tags=["notices"],
    ),
]
