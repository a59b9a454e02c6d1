"""A ticket with the first page of its comments, fetched side by side and joined as bytes.

What comes from the upstreams is never decoded. Without the tickets service there is no answer; without the comments
service there is one that says so.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpRequest

from opsdash_gateway.rest.proxy import PREFIX, TICKET, as_parameters
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path
from opsdash_gateway.upstream.responses import as_response

TICKET_SECONDS: Final = 1.8  # with what surrounds it, an answer within two seconds
COMMENTS_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 2


def composition_route() -> HTTPRouteHandler:
    """GET of one ticket."""

    @get(PREFIX + as_parameters(TICKET), opt={"query_parameters": frozenset()}, include_in_schema=False)
    async def composed_ticket(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> ASGIResponse:
        path = upstream_path(TICKET, request.path_params)
        comments = asyncio.create_task(_comments(request, upstreams, f"{path}/comments"))
        try:
            ticket = await upstreams.tickets.forward("GET", path, headers=request.headers, seconds=TICKET_SECONDS)
            if ticket.status != HTTPStatus.OK:
                return as_response(ticket)
            return as_response(compose(ticket, await comments))
        finally:
            comments.cancel()

    return composed_ticket


async def _comments(request: HttpRequest, upstreams: Upstreams, path: str) -> Answer | None:
    """The first page; None when there is none to be had now."""
    try:
        answer = await upstreams.comments.forward("GET", path, headers=request.headers, seconds=COMMENTS_SECONDS)
    except Problem:
        return None
    return answer if answer.status == HTTPStatus.OK else None


def compose(ticket: Answer, comments: Answer | None) -> Answer:
    """The ticket's members, then `comments`: a page, or the fact that it is unavailable."""
    headers = dict(ticket.headers)
    if comments is None:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        part = msgspec.json.encode({"status": "unavailable", "retry_after_seconds": RETRY_AFTER_SECONDS})
    else:
        part = with_member(comments.body, b"status", b'"available"')
    return Answer(ticket.status, headers, with_member(ticket.body, b"comments", part))


def with_member(document: bytes, name: bytes, value: bytes) -> bytes:
    """A JSON object with one member more. `document` is an object with members, as our upstreams send it."""
    return document.rstrip()[:-1] + b',"' + name + b'":' + value + b"}"
