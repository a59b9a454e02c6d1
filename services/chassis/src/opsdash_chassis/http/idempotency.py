"""The HTTP side of Idempotency-Key: replays the first answer, stores a new one."""

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


def check_key(key: str) -> None:
    """Raise a 400 problem for a key that is empty, long or not printable ASCII."""
    if not 0 < len(key) <= idempotency.MAXIMUM_KEY_LENGTH or not key.isascii() or not key.isprintable():
        message = f"must have 1 to {idempotency.MAXIMUM_KEY_LENGTH} printable ASCII characters"
        raise validation([FieldError(f"/header/{HEADER}", "format", message)])


async def answer_once(
    connection: Connection,
    request: Request[Any, Any, Any],
    *,
    key: str | None,
    org_id: UUID,
    user_id: UUID,
    act: Callable[[], Awaitable[Response[Body]]],
) -> Response[Body]:
    """Run `act` inside the open transaction, or give the answer it gave before.

    Only answers are stored: a refusal rolls the transaction back and is decided anew by the next try.
    """
    if key is None:
        return await act()
    check_key(key)
    digest = sha256(await request.body()).digest()
    scope = IdempotencyKey(org_id, user_id, f"{request.method} {request.url.path}", key, digest)
    first = await idempotency.first_answer(connection, scope)
    if first is not None:
        return _response(first.status, first.body, first.headers | REPLAYED)
    response = await act()
    answer = StoredAnswer(response.status_code or 200, dict(response.headers), _encoded(response.content))
    await idempotency.store(connection, scope, answer)
    return response


def _encoded(content: object) -> bytes:
    return b"" if content is None else msgspec.json.encode(content)


def _response(status: int, body: bytes, headers: dict[str, str]) -> Response[Any]:
    if not body:
        return Response(None, status_code=status, headers=headers)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
