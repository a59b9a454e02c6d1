"""Forwards requests to an upstream service and the answers back, byte for byte.

The routes are those of the upstream's OpenAPI document: what is published is passed, and nothing else of the upstream.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler, route
from litestar.response.base import ASGIResponse
from opsdash_http.openapi import METHODS
from opsdash_http.openapi.schemas import Schema
from opsdash_http.requests.requests import has_body
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.upstream.client import Service, UpstreamClient, Upstreams
from opsdash_gateway.upstream.paths import upstream_path
from opsdash_gateway.upstream.responses import as_response, as_stream, as_whole

PREFIX = "/api"
TICKET: Final = "/orgs/{slug}/tickets/{reference}"
_PARAMETER = re.compile(r"\{(\w+)\}")


def proxy_routes(
    document: Schema, service: Service, *, elsewhere: Mapping[str, Collection[str]] | None = None
) -> list[HTTPRouteHandler]:
    """One handler for each path of a service's document, but for methods that are answered elsewhere."""
    taken = elsewhere or {}
    return [
        _streaming_route(path, service)
        if _is_streamed(item)
        else _proxy_route(path, _methods_of(item, without=taken.get(path, ())), service)
        for path, item in document["paths"].items()
        if _methods_of(item, without=taken.get(path, ()))
    ]


def _methods_of(item: Schema, *, without: Collection[str]) -> list[Any]:
    """The HTTP methods of a path, as Litestar takes them."""
    return [method.upper() for method in METHODS if method in item and method not in without]


def as_parameters(template: str) -> str:
    """A path of an OpenAPI document as a Litestar path."""
    return _PARAMETER.sub(r"{\1:str}", template)


def _is_streamed(item: Schema) -> bool:
    """An answer that is not JSON may be long: it is forwarded while it comes."""
    answers = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    return bool(answers) and "application/json" not in answers


def _streaming_route(template: str, service: Service) -> HTTPRouteHandler:
    @route(
        PREFIX + as_parameters(template),
        http_method=["GET"],
        status_code=200,
        opt={"query_parameters": None},
        include_in_schema=False,
    )
    async def forward_stream(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> HttpResponse:
        path = upstream_path(template, request.path_params)
        query = request.scope.get("query_string", b"")
        upstream: UpstreamClient = getattr(upstreams, service)
        answer, chunks = await upstream.stream(path, query=query, headers=request.headers)
        return as_whole(answer) if chunks is None else as_stream(answer, chunks)

    return forward_stream


def _proxy_route(template: str, methods: list[Any], service: Service) -> HTTPRouteHandler:
    @route(
        PREFIX + as_parameters(template),
        http_method=methods,
        status_code=200,
        opt={"query_parameters": None},  # the upstream knows which ones there are
        include_in_schema=False,  # the upstream describes them
    )
    async def forward_request(request: HttpRequest, upstreams: NamedDependency[Upstreams]) -> ASGIResponse:
        return await forward(request, getattr(upstreams, service), upstream_path(template, request.path_params))

    return forward_request


async def forward(request: HttpRequest, upstream: UpstreamClient, path: str) -> ASGIResponse:
    body = await request.body() if has_body(request) else None
    answer = await upstream.forward(
        request.method,
        path,
        query=request.scope.get("query_string", b""),
        headers=request.headers,
        body=body or None,
    )
    return as_response(answer)
