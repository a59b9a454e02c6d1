"""A page of an inbox with the titles of its tickets, which the tickets service is asked for with the caller's token.

An entry whose ticket the caller cannot see any more is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from msgspec import Raw
from opsdash_http.types import HttpRequest

from opsdash_gateway.rest.proxy import PREFIX, as_parameters
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path
from opsdash_gateway.upstream.responses import as_response

INBOX: Final = "/orgs/{slug}/inbox"
TICKETS: Final = "/orgs/{slug}/tickets"


class _Named(msgspec.Struct):
    id: UUID


class _Shown(msgspec.Struct):
    """What an entry shows of its ticket, each member as it came."""

    id: UUID
    number: Raw
    title: Raw
    status: Raw
    priority: Raw


class _Tickets(msgspec.Struct):
    items: list[_Shown]


def inbox_route() -> HTTPRouteHandler:
    """GET of an inbox."""

    @get(PREFIX + as_parameters(INBOX), opt={"query_parameters": None}, include_in_schema=False)
    async def composed_inbox(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> ASGIResponse:
        path = upstream_path(INBOX, request.path_params)
        query = request.scope.get("query_string", b"")
        inbox = await upstreams.notifications.forward("GET", path, query=query, headers=request.headers)
        if inbox.status != HTTPStatus.OK:
            return as_response(inbox)
        page = msgspec.json.decode(inbox.body, type=dict[str, Raw])
        rows = msgspec.json.decode(page["items"], type=list[dict[str, Raw]])
        wanted = [ticket.id for ticket in map(_ticket_of, rows) if ticket is not None]
        if not wanted:
            return as_response(inbox)
        tickets = await _tickets(request, upstreams, wanted)
        if tickets.status != HTTPStatus.OK:
            return as_response(tickets)
        page["items"] = Raw(msgspec.json.encode(compose(rows, tickets.body)))
        return as_response(Answer(inbox.status, inbox.headers, msgspec.json.encode(page)))

    return composed_inbox


async def _tickets(request: HttpRequest, upstreams: Upstreams, wanted: Sequence[UUID]) -> Answer:
    query = f"limit=100&id={','.join(map(str, wanted))}".encode()
    path = upstream_path(TICKETS, request.path_params)
    return await upstreams.tickets.forward("GET", path, query=query, headers=request.headers)


def compose(rows: Sequence[dict[str, Raw]], tickets: bytes) -> list[dict[str, Raw]]:
    """The rows with what is shown of their tickets; those of the org have none."""
    shown = {ticket.id: ticket for ticket in msgspec.json.decode(tickets, type=_Tickets).items}
    return [entry for entry in (_with_ticket(entry, shown) for entry in rows) if entry is not None]


def _with_ticket(entry: dict[str, Raw], shown: dict[UUID, _Shown]) -> dict[str, Raw] | None:
    ticket = _ticket_of(entry)
    if ticket is None:
        return entry
    found = shown.get(ticket.id)
    return None if found is None else entry | {"ticket": Raw(msgspec.json.encode(found))}


def _ticket_of(entry: dict[str, Raw]) -> _Named | None:
    return msgspec.json.decode(entry["ticket"], type=_Named | None)
