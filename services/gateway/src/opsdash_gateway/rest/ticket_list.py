"""GET of the list of tickets; when words are looked for, in comments too."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from opsdash_http.types import HttpRequest

from opsdash_gateway.rest.proxy import PREFIX, as_parameters
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path
from opsdash_gateway.upstream.responses import as_response
from opsdash_gateway.upstream.ticket_search import list_tickets

ORG: Final = "/orgs/{slug}"
TICKETS: Final = f"{ORG}/tickets"


def list_route() -> HTTPRouteHandler:
    """GET of the list."""

    @get(PREFIX + as_parameters(TICKETS), opt={"query_parameters": None}, include_in_schema=False)
    async def searched_tickets(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> ASGIResponse:
        org = upstream_path(ORG, request.path_params)
        query = request.scope.get("query_string", b"")
        return as_response(await list_tickets(upstreams, org, query, request.headers))

    return searched_tickets
