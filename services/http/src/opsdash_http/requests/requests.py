"""The request class of every service: bodies are bounded in size and time, checked and strictly decoded.

A route that takes another media type or a larger body says so in its `opt`: `media_types`, `max_body_bytes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Any, cast

import msgspec
from litestar.datastructures import FormMultiDict
from litestar.types import Empty

from opsdash_http.errors.problems import Problem, too_large, unsupported_media_type
from opsdash_http.requests import forms
from opsdash_http.requests.cookies import read_cookies
from opsdash_http.requests.json_checks import decode_json, invalid_json
from opsdash_http.types import HttpRequest

MAXIMUM_BODY_BYTES = 1_048_576
BODY_TIMEOUT_SECONDS = 30.0
JSON_MEDIA_TYPES = ("application/json",)
#: Every PATCH is a merge patch (RFC 7396).
MERGE_PATCH_MEDIA_TYPES = (*JSON_MEDIA_TYPES, "application/merge-patch+json")


def request_timeout() -> Problem:
    """408 closes the connection: the rest of the body is still on its way."""
    detail = "The body did not arrive in time."
    return Problem("request-timeout", "Request timeout", 408, detail, headers={"Connection": "close"})


def has_body(request: HttpRequest) -> bool:
    """Told by the headers as they came: most requests have no body, and no other use for parsed headers."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in request.scope["headers"]
    )


def check_body_headers(request: HttpRequest) -> None:
    """Refuse a body by its headers, before a byte of it is read."""
    if not has_body(request):
        return
    headers = request.headers
    length = headers.get("content-length")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise unsupported_media_type("Encoded bodies are not accepted.")
    json = MERGE_PATCH_MEDIA_TYPES if request.method == "PATCH" else JSON_MEDIA_TYPES
    allowed = request.route_handler.opt.get("media_types", json)
    if not _is_media_type(headers.getall("content-type", []), allowed):
        raise unsupported_media_type(f"The body must be {' or '.join(allowed)}.")
    limit = request.route_handler.opt.get("max_body_bytes", MAXIMUM_BODY_BYTES)
    if length is not None and int(length) > limit:
        raise too_large(limit)


def _is_media_type(values: list[str], allowed: tuple[str, ...]) -> bool:
    if len(values) != 1:
        return False
    media_type, _, parameters = values[0].partition(";")
    media_type = media_type.strip().lower()
    if media_type not in allowed:
        return False
    given = parameters.strip().lower().replace('"', "")
    return given in {"", "charset=utf-8"} or (media_type.startswith("multipart/") and given.startswith("boundary="))


class BoundedRequest(HttpRequest):
    """A request whose body cannot be too large, too slow, or loosely typed."""

    __slots__ = ()

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; 413 above the route's limit, 408 when all of it takes longer than the limit."""
        limit = self.route_handler.opt.get("max_body_bytes", MAXIMUM_BODY_BYTES)
        seconds = self.route_handler.opt.get("body_timeout_seconds", BODY_TIMEOUT_SECONDS)
        deadline = asyncio.get_running_loop().time() + seconds
        received = 0
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    event = await self.receive()
                if event["type"] == "http.disconnect":
                    raise Problem("client-gone", "Client closed request", 400)
                chunk = cast("bytes", event.get("body", b""))
                received += len(chunk)
                if received > limit:
                    raise too_large(limit)
                yield chunk
                if not event.get("more_body", False):
                    return
        except TimeoutError:
            raise request_timeout() from None

    async def body(self) -> bytes:
        """The whole body; a route that takes data refuses an empty one."""
        body = await super().body()
        field = self.route_handler.parsed_data_field
        if not body and field is not None and not field.is_optional:
            raise invalid_json("The body is empty.")
        return body

    async def form(self) -> FormMultiDict:
        """The fields of a form within its limits; none of another media type."""
        state = self._connection_state
        if state.form is Empty:
            state.form = forms.read_form(await self.body()) if self.content_type[0] in forms.MEDIA_TYPES else {}
        return await super().form()

    @property
    def cookies(self) -> dict[str, str]:
        """What the browser sent, as it sent it."""
        state = self._connection_state
        if state.cookies is Empty:
            state.cookies = read_cookies(self.headers.get("cookie", ""))
        return super().cookies

    async def json(self) -> Any:
        """Decode the body as the type of the handler's `data`; a missing body is an error like any other."""
        field = self.route_handler.parsed_data_field
        return decode_json(await self.body(), _decoder_of(field.annotation if field else Any))


@lru_cache(maxsize=256)
def _decoder_of(body: Any) -> msgspec.json.Decoder[Any]:
    """By the type and not by its handler, which would keep its application for ever."""
    return msgspec.json.Decoder(body, strict=True)
