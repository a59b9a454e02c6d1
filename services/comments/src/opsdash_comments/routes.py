"""The routes of all rooms under their addresses, and what their handlers share."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from opsdash_http.types import HttpRequest

from opsdash_comments.comments import internal_routes
from opsdash_comments.comments.routes import (
    create_comment,
    delete_comment,
    get_comment,
    list_comments,
    list_revisions,
    patch_comment,
)
from opsdash_comments.search.routes import find_commented_tickets
from opsdash_comments.threads.routes import refresh_ticket
from opsdash_comments.threads.scope import RequestScope


async def provide_request_scope(
    request: HttpRequest,
    slug: FromPath[str],
) -> RequestScope:
    """A dependency without dependencies: side by side, the framework resolves them in a task each."""
    return RequestScope(request, slug, request.app.state.dependencies)


ROUTES: list[ControllerRouterHandler] = [
    *internal_routes.ROUTES,
    Router(
        "/orgs/{slug:str}",
        dependencies={"org": Provide(provide_request_scope)},
        route_handlers=[find_commented_tickets],
    ),
    Router(
        "/orgs/{slug:str}/tickets/{reference:str}",
        dependencies={"org": Provide(provide_request_scope)},
        route_handlers=[
            refresh_ticket,
            Router(
                "/comments",
                route_handlers=[
                    list_comments,
                    create_comment,
                    get_comment,
                    patch_comment,
                    delete_comment,
                    list_revisions,
                ],
                tags=["comments"],
            ),
        ],
    ),
]
