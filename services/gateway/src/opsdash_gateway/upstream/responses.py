"""Responses that forward what an upstream service answered, byte for byte."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar import Response
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from opsdash_http.types import HttpResponse

from opsdash_gateway.upstream.answers import Answer


def as_response(answer: Answer) -> ASGIResponse:
    """The upstream's answer as ours, its `Content-Type` included."""
    return ASGIResponse(body=answer.body, status_code=answer.status, headers=answer.headers)


def as_whole(answer: Answer) -> HttpResponse:
    """The same for a handler that has other answers too."""
    return Response(answer.body, status_code=answer.status, headers=answer.headers)


def as_stream(answer: Answer, chunks: AsyncIterator[bytes]) -> HttpResponse:
    """The same for a body that is still coming."""
    return Stream(chunks, status_code=answer.status, headers=answer.headers)
