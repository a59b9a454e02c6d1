"""The HTTP side of Idempotency-Key: reads the header, replays the first answer, stores a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response

from opsdash_chassis import idempotency
from opsdash_chassis.database import Connection
from opsdash_chassis.http.problems import FieldError, validation
from opsdash_chassis.idempotency import IdempotencyKey, StoredAnswer

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
Body = TypeVar("Body")


def key_of(request: Request[Any, Any, Any]) -> str | None:
    """The request's key; None when it has none. Raises a 400 problem for one that is empty, long or not ASCII."""
    values = request.headers.getall(HEADER, [])
    if not values:
        return None
    (key,) = values if len(values) == 1 else ("",)
    if not 0 < len(key) <= idempotency.MAXIMUM_KEY_LENGTH or not key.isascii() or not key.isprintable():
        message = f"must be given once, with 1 to {idempotency.MAXIMUM_KEY_LENGTH} printable ASCII characters"
        raise validation([FieldError(f"/header/{HEADER}", "format", message)])
    return key


async def answer_once(
    connection: Connection,
    request: Request[Any, Any, Any],
    *,
    org_id: UUID,
    user_id: UUID,
    act: Callable[[], Awaitable[Response[Body]]],
) -> Response[Body]:
    """Run `act` inside the open transaction, or give the answer it gave before.

    Only answers are stored: a refusal rolls the transaction back and is decided anew by the next try.
    """
    text = key_of(request)
    if text is None:
        return await act()
    digest = sha256(await request.body()).digest()
    key = IdempotencyKey(org_id, user_id, f"{request.method} {request.url.path}", text, digest)
    first = await idempotency.first_answer(connection, key)
    if first is not None:
        return _response(first.status, first.body, first.headers | REPLAYED)
    response = await act()
    answer = StoredAnswer(response.status_code or 200, dict(response.headers), _encoded(response.content))
    await idempotency.store(connection, key, answer)
    return response


def _encoded(content: object) -> bytes:
    return b"" if content is None else msgspec.json.encode(content)


def _response(status: int, body: bytes, headers: dict[str, str]) -> Response[Any]:
    if not body:
        return Response(None, status_code=status, headers=headers)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
