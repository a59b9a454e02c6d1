"""All pages, under one address prefix, with one way to answer errors."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import Provide
from litestar.types import ControllerRouterHandler
from opsdash_chassis.http.authentication import NOBODY
from opsdash_chassis.http.problems import not_found

from opsdash_gateway.web.assets import static_route
from opsdash_gateway.web.list_pages import LIST_ROUTES
from opsdash_gateway.web.page import provide_page
from opsdash_gateway.web.page_errors import page_exception_handlers
from opsdash_gateway.web.rendering import Renderer

WORKSPACE = "/{locale:str}/org/{slug:str}"
#: Handlers below a workspace's address; every area adds its own.
WORKSPACE_ROUTES: list[ControllerRouterHandler] = [*LIST_ROUTES]
NO_PAGE = ["/{locale:str}", "/{locale:str}/{rest:path}", WORKSPACE, f"{WORKSPACE}/{{rest:path}}"]


@get(NO_PAGE, opt={"authentication": NOBODY, "query_parameters": None})
async def no_page() -> None:
    """Any address that nothing else answers: a page that says so, not a problem document."""
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
    elsewhere = Router("/", route_handlers=[no_page], exception_handlers=handlers, include_in_schema=False)
    return [static_route(renderer.assets), workspace, elsewhere]
