"""What a check costs grows with what was sent, never with its square: every place of a request, hostile shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Request, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_chassis.database.cursors import Cursors, InvalidCursor
from opsdash_http.app import Application, create_app
from opsdash_http.errors.problems import Problem
from opsdash_http.errors.validation import field_error
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_http.requests.forms import FORM_BODY, MAXIMUM_BYTES
from opsdash_http.requests.idempotency import check_key
from opsdash_http.requests.json_checks import decode_json
from opsdash_http.requests.request_limits import MAXIMUM_HEADER_BYTES, MAXIMUM_PATH_BYTES, MAXIMUM_QUERY_BYTES
from opsdash_http.requests.requests import MAXIMUM_BODY_BYTES
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import MAXIMUM_TOKEN_BYTES, InvalidToken, TokenVerifier
from opsdash_tenancy.errors import NotFound
from opsdash_tenancy.references import id_or_number

from services.http.tests.conftest import AUDIENCE, ISSUER, make_settings
from tests.support.measurements import BODIES, HEADERS, TEXTS, Shape, assert_linear, repeated

TOKENS = {"dots": repeated(".", "*"), "letters": repeated("e", "eyJ*"), "nested": repeated("W1tb", "*", ".e30.e30")}


class Part(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    kind: Annotated[str, msgspec.Meta(max_length=10)] = ""
    parts: list[Part] = []


@post("/things/{reference:str}")
async def create(reference: FromPath[str], data: JSONBody[Thing], if_match: IfMatch = None) -> Thing:
    return data


@post("/forms", opt=FORM_BODY)
async def take_form(request: Request[Any, Any, Any]) -> int:
    return len(await request.form())


@get("/things/{reference:str}")
async def read(
    request: Request[Any, Any, Any],
    reference: FromPath[str],
    q: Annotated[str | None, QueryParameter()] = None,
    idempotency_key: IdempotencyKey = None,
) -> int:
    return len(request.cookies) + len(request.query_params) + len(request.headers)


class Caller:
    """Sends requests to an application without a socket in between, on an event loop of its own."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()

    def send(
        self,
        *,
        path: bytes = b"/things/1",
        query: bytes = b"",
        headers: dict[str, bytes] | None = None,
        body: bytes = b"",
    ) -> int:
        sent = {"host": b"localhost", **({"content-type": b"application/json"} if body else {}), **(headers or {})}
        scope = {
            "type": "http", "method": "POST" if body else "GET", "scheme": "http", "http_version": "1.1",
            "path": path.decode("utf-8", "replace"), "raw_path": path, "query_string": query, "root_path": "",
            "headers": [(name.encode(), value) for name, value in sent.items()]
            + ([(b"content-length", str(len(body)).encode())] if body else []),
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        return self._runner.run(self._call(scope, body))

    async def _call(self, scope: dict[str, Any], body: bytes) -> int:
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        await self._application(scope, receive, send)
        return status


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    routes = Router("/", route_handlers=[create, read, take_form], opt={"authentication": PUBLIC})
    made = Caller(create_app(make_settings("http://127.0.0.1:1"), route_handlers=[routes]))
    yield made
    made.close()


class TestBodies:
    @pytest.mark.parametrize("shape", BODIES.values(), ids=BODIES)
    @pytest.mark.parametrize("kind", [Thing, dict[str, Any]], ids=["strict", "free"])
    def test_decoding(self, kind: Any, shape: Shape) -> None:
        decoder = msgspec.json.Decoder(kind)
        assert_linear(lambda body: decode_json(body, decoder), shape, MAXIMUM_BODY_BYTES, (Problem,))

    @pytest.mark.parametrize("shape", BODIES.values(), ids=BODIES)
    def test_a_whole_request(self, caller: Caller, shape: Shape) -> None:
        assert_linear(lambda body: caller.send(body=body), shape, MAXIMUM_BODY_BYTES // 4)

    @pytest.mark.parametrize("shape", TEXTS.values(), ids=TEXTS)
    def test_a_form(self, caller: Caller, shape: Shape) -> None:
        headers = {"content-type": b"application/x-www-form-urlencoded"}
        assert_linear(
            lambda body: caller.send(path=b"/forms", headers=headers, body=body), shape, 3 * MAXIMUM_BYTES, ()
        )

    @pytest.mark.parametrize("shape", BODIES.values(), ids=BODIES)
    def test_a_message_that_repeats_what_was_sent(self, shape: Shape) -> None:
        def say(text: bytes) -> None:
            field_error(f"Object contains unknown field `{text.decode('utf-8', 'replace')}`")

        assert_linear(say, shape, MAXIMUM_BODY_BYTES)


@pytest.mark.parametrize("shape", TEXTS.values(), ids=TEXTS)
class TestTexts:
    def test_the_path(self, caller: Caller, shape: Shape) -> None:
        assert_linear(lambda text: caller.send(path=b"/things/" + text), shape, MAXIMUM_PATH_BYTES)

    def test_the_query(self, caller: Caller, shape: Shape) -> None:
        assert_linear(lambda text: caller.send(query=b"q=" + text), shape, MAXIMUM_QUERY_BYTES)

    @pytest.mark.parametrize("name", HEADERS)
    def test_a_header(self, caller: Caller, name: str, shape: Shape) -> None:
        assert_linear(lambda text: caller.send(headers={name: text}), shape, MAXIMUM_HEADER_BYTES)

    def test_a_cursor(self, shape: Shape) -> None:
        cursors = Cursors("x" * 32)
        assert_linear(
            lambda text: cursors.decode(text.decode(), scope="x"), shape, MAXIMUM_QUERY_BYTES, (InvalidCursor,)
        )

    def test_versions_keys_and_references(self, shape: Shape) -> None:
        def check(text: bytes) -> None:
            expected_versions(text.decode())
            id_or_number(text.decode())
            check_key(text.decode())

        assert_linear(check, shape, MAXIMUM_HEADER_BYTES, (NotFound, Problem))


@pytest.mark.parametrize("shape", [*TEXTS.values(), *TOKENS.values()], ids=[*TEXTS, *TOKENS])
def test_a_token(shape: Shape) -> None:
    verifier = TokenVerifier(KeySet("http://127.0.0.1:1/jwks.json"), issuer=ISSUER, audience=AUDIENCE)
    with asyncio.Runner() as runner:
        assert_linear(
            lambda token: runner.run(verifier.verify(token.decode())), shape, MAXIMUM_TOKEN_BYTES, (InvalidToken,)
        )
