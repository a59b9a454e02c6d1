"""All pages, under one address prefix, with one way to answer errors."""

from __future__ import annotations

from typing import Final

from litestar import Router, route
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.exceptions import respond
from opsdash_http.errors.problems import not_found
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.console.assets.routes import static_route
from opsdash_gateway.console.create.routes import CREATE_ROUTES
from opsdash_gateway.console.dashboard.routes import DASHBOARD_ROUTES
from opsdash_gateway.console.inbox.routes import INBOX_ROUTES
from opsdash_gateway.console.list.bulk import BULK_ROUTES
from opsdash_gateway.console.list.export import EXPORT_ROUTES
from opsdash_gateway.console.list.routes import LIST_ROUTES
from opsdash_gateway.console.settings.routes import SETTING_ROUTES
from opsdash_gateway.console.shell.page import provide_page
from opsdash_gateway.console.shell.page_errors import page_exception_handlers
from opsdash_gateway.console.shell.rendering import Renderer
from opsdash_gateway.console.ticket.router import TICKET_ROUTES
from opsdash_gateway.console.ticket.undo_routes import UNDO_ROUTES

WORKSPACE = "/{locale:str}/org/{slug:str}"
#: Handlers below a workspace's address; every area adds its own.
WORKSPACE_ROUTES: list[ControllerRouterHandler] = [
    *DASHBOARD_ROUTES,
    *INBOX_ROUTES,
    *SETTING_ROUTES,
    *LIST_ROUTES,
    *CREATE_ROUTES,
    *BULK_ROUTES,
    *UNDO_ROUTES,
    *EXPORT_ROUTES,
    *TICKET_ROUTES,
]
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNKNOWN: Final = ["/{locale:str}", "/{locale:str}/{rest:path}", WORKSPACE, f"{WORKSPACE}/{{rest:path}}"]


@route(UNKNOWN, http_method=list(METHODS), status_code=404, opt={"authentication": PUBLIC, "query_parameters": None})
async def unknown(request: HttpRequest, renderer: NamedDependency[Renderer]) -> HttpResponse:
    """Any address that nothing else answers: a page below a language of ours, a problem document elsewhere."""
    if request.path_params["locale"] not in renderer.languages:
        return respond(request, not_found())
    raise not_found()


def page_routes(renderer: Renderer) -> list[ControllerRouterHandler]:
    """The console's routes for `create_app`."""
    handlers = page_exception_handlers(renderer)
    dependencies = {"renderer": Provide(lambda: renderer, sync_to_thread=False)}
    workspace = Router(
        WORKSPACE,
        route_handlers=WORKSPACE_ROUTES,
        dependencies={**dependencies, "page": Provide(provide_page)},
        exception_handlers=handlers,
        include_in_schema=False,
    )
    elsewhere = Router(
        "/",
        route_handlers=[unknown],
        dependencies=dependencies,
        exception_handlers=handlers,
        include_in_schema=False,
    )
    return [static_route(renderer.assets), workspace, elsewhere]
