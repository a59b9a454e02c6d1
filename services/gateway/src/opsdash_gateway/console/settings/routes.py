"""The way into the settings, and the routes of all their pages."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import not_found

from opsdash_gateway.console.auth.session import PAGE
from opsdash_gateway.console.settings.channels.routes import CHANNEL_ROUTES
from opsdash_gateway.console.settings.notifications.routes import NOTIFICATION_ROUTES
from opsdash_gateway.console.settings.workspace_notifications.routes import WORKSPACE_NOTIFICATION_ROUTES
from opsdash_gateway.console.shell.page import Page


@get("/settings", opt=PAGE, status_code=303)
async def settings(page: NamedDependency[Page]) -> Redirect:
    """To the first page that this person is offered."""
    first = next(iter(page.settings), None)
    if first is None:
        raise not_found()
    return Redirect(f"{page.base}/settings/{first.name}", status_code=303)


SETTING_ROUTES: list[ControllerRouterHandler] = [
    settings,
    *NOTIFICATION_ROUTES,
    *WORKSPACE_NOTIFICATION_ROUTES,
    *CHANNEL_ROUTES,
]
