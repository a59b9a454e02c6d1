"""Ticket routes: the tickets service owns them, rights included."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from opsdash_gateway.api.passing import ANY_QUERY, pass_on, reference_segment, slug_segment
from opsdash_gateway.clients import OwnerClient

AnyRequest = Request[Any, Any, Any]


@get("/")
async def list_tickets(request: AnyRequest, tickets: NamedDependency[OwnerClient], slug: FromPath[str]) -> ASGIResponse:
    return await pass_on(request, tickets, f"/orgs/{slug_segment(slug)}/tickets")


@post("/")
async def create_ticket(
    request: AnyRequest, tickets: NamedDependency[OwnerClient], slug: FromPath[str]
) -> ASGIResponse:
    return await pass_on(request, tickets, f"/orgs/{slug_segment(slug)}/tickets")


async def _one(request: AnyRequest, tickets: OwnerClient, slug: str, reference: str) -> ASGIResponse:
    return await pass_on(request, tickets, f"/orgs/{slug_segment(slug)}/tickets/{reference_segment(reference)}")


@get("/{reference:str}")
async def get_ticket(
    request: AnyRequest, tickets: NamedDependency[OwnerClient], slug: FromPath[str], reference: FromPath[str]
) -> ASGIResponse:
    return await _one(request, tickets, slug, reference)


@patch("/{reference:str}")
async def patch_ticket(
    request: AnyRequest, tickets: NamedDependency[OwnerClient], slug: FromPath[str], reference: FromPath[str]
) -> ASGIResponse:
    return await _one(request, tickets, slug, reference)


@delete("/{reference:str}", status_code=200)
async def delete_ticket(
    request: AnyRequest, tickets: NamedDependency[OwnerClient], slug: FromPath[str], reference: FromPath[str]
) -> ASGIResponse:
    return await _one(request, tickets, slug, reference)


ROUTER = Router(
    "/api/orgs/{slug:str}/tickets",
    route_handlers=[list_tickets, create_ticket, get_ticket, patch_ticket, delete_ticket],
    opt=ANY_QUERY,
    include_in_schema=False,  # the owner describes them
)
