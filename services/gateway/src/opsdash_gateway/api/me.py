"""The caller: the tickets service knows the orgs a user belongs to."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from opsdash_gateway.api.passing import ANY_QUERY, pass_on
from opsdash_gateway.clients import OwnerClient


@get("/api/me", opt=ANY_QUERY, include_in_schema=False)
async def me(request: Request[Any, Any, Any], tickets: NamedDependency[OwnerClient]) -> ASGIResponse:
    return await pass_on(request, tickets, "/me")
