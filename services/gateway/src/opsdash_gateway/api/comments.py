"""Passes comment requests on to their owner, after asking the tickets service whether the ticket is still there.

The comments service learns of a deletion by an event, a moment later. Asking both hides its comments at once.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, route
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from opsdash_chassis.http.problems import Problem, not_found

from opsdash_gateway.api.passing import PREFIX, as_parameters, methods_of, owner_path, pass_on
from opsdash_gateway.clients import Owners

TICKET = "/orgs/{slug}/tickets/{reference}"
CHECK_SECONDS = 1.0


def comment_routes(document: dict[str, Any]) -> list[HTTPRouteHandler]:
    """One handler for each path of the comments service's document."""
    return [_comment_route(path, methods_of(item)) for path, item in document["paths"].items()]


def _comment_route(template: str, methods: list[Any]) -> HTTPRouteHandler:
    @route(
        PREFIX + as_parameters(template),
        http_method=methods,
        status_code=200,
        opt={"query_parameters": None},
        include_in_schema=False,
    )
    async def pass_comment_request(request: Request[Any, Any, Any], owners: NamedDependency[Owners]) -> ASGIResponse:
        parameters = request.path_params
        path = owner_path(template, parameters)
        ticket = {name: parameters[name] for name in ("slug", "reference")}
        check = _require_ticket(request, owners, owner_path(TICKET, ticket))
        if request.method != "GET":  # a write waits for the check, a read goes side by side with it
            await check
            return await pass_on(request, owners.comments, path)
        answer = asyncio.create_task(pass_on(request, owners.comments, path))
        try:
            await check
            return await answer
        finally:
            answer.cancel()

    return pass_comment_request


async def _require_ticket(request: Request[Any, Any, Any], owners: Owners, path: str) -> None:
    """Raises 404 when the owner says there is no such ticket; whatever else it says, comments decide themselves."""
    try:
        answer = await owners.tickets.forward("HEAD", path, headers=request.headers, seconds=CHECK_SECONDS)
    except Problem:
        return
    if answer.status == HTTPStatus.NOT_FOUND:
        raise not_found()
