"""Passes on the deletion of a ticket, and hides its comments before it is answered."""

from __future__ import annotations

from http import HTTPStatus

from litestar import delete
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from opsdash_http.types import HttpRequest

from opsdash_gateway.rest.proxy import PREFIX, TICKET, as_parameters, forward
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path


def deleting_route() -> HTTPRouteHandler:
    """DELETE of one ticket."""

    @delete(PREFIX + as_parameters(TICKET), status_code=200, opt={"query_parameters": None}, include_in_schema=False)
    async def delete_ticket(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> ASGIResponse:
        path = upstream_path(TICKET, request.path_params)
        answer = await forward(request, upstreams.tickets, path)
        if answer.status_code == HTTPStatus.NO_CONTENT:
            await upstreams.hide_comments(path, request.headers)
        return answer

    return delete_ticket
