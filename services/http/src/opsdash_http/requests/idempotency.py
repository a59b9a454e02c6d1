"""The HTTP side of Idempotency-Key: replays the first answer, stores a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from opsdash_chassis.database import idempotency_keys
from opsdash_chassis.database.idempotency_keys import IdempotencyKey, StoredAnswer
from opsdash_chassis.database.pools import Connection

from opsdash_http.errors.problems import FieldError, Problem, validation
from opsdash_http.requests.json_checks import decode_json
from opsdash_http.types import HttpRequest, HttpResponse

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
Body = TypeVar("Body")
_ANY = msgspec.json.Decoder[Any](Any)


def check_key(key: str) -> None:
    """Raise a 400 problem for a key that is empty, long or not printable ASCII."""
    if not 0 < len(key) <= idempotency_keys.MAXIMUM_KEY_LENGTH or not key.isascii() or not key.isprintable():
        message = f"must have 1 to {idempotency_keys.MAXIMUM_KEY_LENGTH} printable ASCII characters"
        raise validation([FieldError(f"/header/{HEADER}", "format", message)])


async def answer_once(
    connection: Connection,
    request: HttpRequest,
    *,
    key: str | None,
    org_id: UUID,
    user_id: UUID,
    act: Callable[[], Awaitable[Response[Body]]],
    ids: Mapping[str, UUID],
) -> Response[Body]:
    """Run `act` inside the open transaction, or give the answer it gave before.

    `ids` are those of path parameters that can be spelled in another way, as a ticket's by its number.
    Only answers are stored: a refusal rolls the transaction back and is decided anew by the next try.
    """
    if key is None:
        return await act()
    check_key(key)
    asked = Asked.by(request, await request.body(), ids)
    digests = {f"{asked.method} {request.url.path}": sha256(asked.body).digest(), asked.route: asked.digest()}
    scope = IdempotencyKey(org_id, user_id, asked.route, key, digests)
    first = await idempotency_keys.first_answer(connection, scope)
    if first is not None:
        return _response(first.status, first.body, first.headers | REPLAYED)
    response = await act()
    answer = StoredAnswer(response.status_code or 200, dict(response.headers), _encoded(response.content))
    await idempotency_keys.store(connection, scope, answer)
    return response


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. The org is not part of `names`: it is part of whose the key is."""

    method: str
    path_template: str
    names: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    if_match: str | None
    body: bytes

    @classmethod
    def by(cls, request: HttpRequest, body: bytes, ids: Mapping[str, UUID]) -> Asked:
        """`ids` say which object a path parameter means."""
        parameters = {name: str(value) for name, value in request.path_params.items() if name != "slug"}
        names = parameters | {name: str(value) for name, value in ids.items()}
        query = sorted(request.query_params.multi_items())
        return cls(request.method, request.scope["path_template"], names, query, request.headers.get("If-Match"), body)

    @property
    def route(self) -> str:
        return f"{self.method} {self.path_template}"

    def digest(self) -> bytes:
        """SHA-256: the same for the same JSON, however its keys are ordered and its bytes are spaced.

        A route without a body reads none, so what was sent to it may be anything; it then counts byte by byte.
        """
        try:
            body = [decode_json(self.body, _ANY)]
        except Problem:
            body = ["bytes", sha256(self.body).hexdigest()]
        asked = [self.route, self.names, self.query, self.if_match, body]
        return sha256(msgspec.json.encode(asked, order="sorted")).digest()


def _encoded(content: object) -> bytes:
    return b"" if content is None else msgspec.json.encode(content)


def _response(status: int, body: bytes, headers: dict[str, str]) -> HttpResponse:
    if not body:
        return Response(None, status_code=status, headers=headers)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
