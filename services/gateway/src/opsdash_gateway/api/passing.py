"""Passes a request on to its owner service and the answer back, byte for byte."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request
from litestar.response.base import ASGIResponse
from opsdash_chassis.http.problems import not_found

from opsdash_gateway.clients import OwnerClient

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,64}")

#: `opt` of a route whose owner checks the query itself.
ANY_QUERY: dict[str, Any] = {"query_parameters": None}


def slug_segment(slug: str) -> str:
    """The slug as a path segment; what cannot be a slug is 404 like an org nobody has."""
    if not _SLUG.fullmatch(slug):
        raise not_found()
    return slug


def reference_segment(reference: str) -> str:
    """An id or number as a path segment: nothing in it can climb to another route of the owner."""
    if not _REFERENCE.fullmatch(reference):
        raise not_found()
    return reference


async def pass_on(request: Request[Any, Any, Any], owner: OwnerClient, path: str) -> ASGIResponse:
    """Send the request to `path` of the owner."""
    body = await request.body()
    answer = await owner.forward(
        request.method,
        path,
        query=request.scope.get("query_string", b""),
        headers=request.headers,
        body=body or None,
    )
    media_type = answer.headers.pop("Content-Type", None) or answer.headers.pop("content-type", None)
    return ASGIResponse(body=answer.body, status_code=answer.status, headers=answer.headers, media_type=media_type)
