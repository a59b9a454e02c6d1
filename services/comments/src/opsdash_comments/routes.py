"""The routes of all rooms under their addresses, and what their handlers share."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from opsdash_comments.comments.routes import (
    create_comment,
    delete_comment,
    get_comment,
    list_comments,
    list_revisions,
    patch_comment,
)
from opsdash_comments.threads.routes import look_again
from opsdash_comments.threads.scope import Edge


async def provide_edge(
    request: Request[Any, Any, Any],
    slug: FromPath[str],
) -> Edge:
    """A dependency without dependencies: side by side, the framework resolves them in a task each."""
    return Edge(request, slug, request.app.state.doors)


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/orgs/{slug:str}/tickets/{reference:str}",
        dependencies={"edge": Provide(provide_edge)},
        route_handlers=[
            look_again,
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
