"""Bad input over HTTP: every row of the promise that needs no database, on an application of our own."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.testing import AsyncTestClient
from opsdash_chassis.errors import StorageUnwritable, Unavailable
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app
from opsdash_http.errors.problems import precondition_failed
from opsdash_http.security.authentication import PUBLIC

from services.http.tests.conftest import make_settings

JSON = {"Content-Type": "application/json"}


class Part(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    due: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    parts: list[Part] = []


@post("/things")
async def create(data: JSONBody[Thing]) -> Thing:
    return data


@get("/things/{name:str}")
async def read(
    name: FromPath[str],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
    q: FromQuery[str | None] = None,
) -> dict[str, Any]:
    return {"name": name, "limit": limit, "q": q}


@get("/fails/{how:str}")
async def fails(how: FromPath[str]) -> None:
    errors = {
        "unhandled": RuntimeError("SELECT secret FROM tickets_internal"),
        "unavailable": Unavailable("The database did not answer in time.", retry_after_seconds=2),
        "full": StorageUnwritable("The storage is full.", retry_after_seconds=30),
        "stale": precondition_failed(7),
        "mapped": LookupError("mapped"),
    }
    raise errors[how]


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[AsyncTestClient[Any]]:
    """Shared: its routes are open to anybody and keep nothing, so no identity provider is asked either."""
    settings = make_settings("https://id.example.com")
    public = Router("/", route_handlers=[create, read, fails], opt={"authentication": PUBLIC})
    app = create_app(settings, route_handlers=[public], problems={LookupError: lambda _: precondition_failed(3)})
    async with AsyncTestClient(app) as client:
        yield client


def deep(levels: int) -> bytes:
    return b'{"title":"x","parts":' + b"[" * levels + b"]" * levels + b"}"


BAD_BODIES = {
    "not JSON": (b"{", "invalid-json", None),
    "empty": (b"", "invalid-json", None),
    "only spaces": (b"  ", "invalid-json", None),
    "trailing text": (b'{"title":"x"} x', "invalid-json", None),
    "array for object": (b"[]", "validation", ("", "type")),
    "null": (b"null", "validation", ("", "type")),
    "200,000 brackets": (b"[" * 200_000, "invalid-json", None),
    "200,000 objects": (b'{"a":' * 200_000, "invalid-json", None),
    "33 levels": (deep(33), "invalid-json", None),
    "invalid UTF-8": (b'{"title":"\xff"}', "invalid-json", None),
    "invalid UTF-8 in an unknown field": (b'{"x":"\xff"}', "invalid-json", None),
    "lone surrogate": (b'{"title":"\\ud800"}', "invalid-json", None),
    "raw NUL": (b'{"title":"a\x00b"}', "invalid-json", None),
    "escaped NUL": (b'{"title":"a\\u0000b"}', "invalid-json", None),
    "escaped NUL in a key": (b'{"a\\u0000":1}', "invalid-json", None),
    "escaped NUL after a backslash": (b'{"title":"\\\\\\u0000"}', "invalid-json", None),
    "unknown field": (b'{"title":"x","org_id":1}', "validation", ("/org_id", "unknown-field")),
    "unknown field with a slash": (b'{"title":"x","a/b~c":1}', "validation", ("/a~1b~0c", "unknown-field")),
    "unknown field of 1 MB": (
        b'{"title":"x","' + b"a" * 1_000_000 + b'":1}',
        "validation",
        ("/" + "a" * 100, "unknown-field"),
    ),
    "missing field": (b"{}", "validation", ("/title", "required")),
    "nested field": (b'{"title":"x","parts":[{"size":1},{"size":"1"}]}', "validation", ("/parts/1/size", "type")),
    "number for text": (b'{"title":5}', "validation", ("/title", "type")),
    "too long": (b'{"title":"' + b"x" * 201 + b'"}', "validation", ("/title", "too-long")),
    "too short": (b'{"title":""}', "validation", ("/title", "too-short")),
    "date without zone": (b'{"title":"x","due":"2030-01-01T00:00:00"}', "validation", ("/due", "timezone")),
    "epoch number": (b'{"title":"x","due":1700000000}', "validation", ("/due", "datetime")),
    "30 February": (b'{"title":"x","due":"2030-02-30T00:00:00Z"}', "validation", ("/due", "datetime")),
    "leap second": (b'{"title":"x","due":"2030-06-30T23:59:60Z"}', "validation", ("/due", "datetime")),
    "only a date": (b'{"title":"x","due":"2030-06-30"}', "validation", ("/due", "datetime")),
}


class TestBodies:
    @pytest.mark.parametrize(("body", "code", "error"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
    async def test_a_bad_body_is_400(
        self, client: AsyncTestClient[Any], body: bytes, code: str, error: tuple[str, str] | None
    ) -> None:
        response = await client.post("/things", content=body, headers=JSON)
        problem = response.json()
        assert (response.status_code, problem["type"]) == (400, f"/problems/{code}")
        found = [(item["pointer"], item["code"]) for item in problem["errors"]]
        assert found == ([error] if error else [])

    @pytest.mark.parametrize(
        "body",
        [
            b'{"title":"x"}',
            b'{"title":"\\\\u0000 is text"}',
            '{"title":"héllo 🎉"}'.encode(),
            b'{"title":"' + b"[" * 150 + b'"}',
            b' {"title":"x","due":"2030-01-01T00:00:00+02:00"} ',
        ],
    )
    async def test_a_good_body_is_taken(self, client: AsyncTestClient[Any], body: bytes) -> None:
        assert (await client.post("/things", content=body, headers=JSON)).status_code == 201

    async def test_the_last_of_two_equal_keys_wins(self, client: AsyncTestClient[Any]) -> None:
        response = await client.post("/things", content=b'{"title":"a","title":"b"}', headers=JSON)
        assert response.json()["title"] == "b"

    @pytest.mark.parametrize("size", [1_048_577, 5_000_000])
    async def test_more_than_one_mebibyte_is_413(self, client: AsyncTestClient[Any], size: int) -> None:
        response = await client.post("/things", content=b" " * size, headers=JSON)
        assert (response.status_code, response.json()["type"]) == (413, "/problems/body-too-large")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "multipart/form-data; boundary=x"},
            {"Content-Type": "application/json; charset=latin-1"},
            {"Content-Type": "application/jsonp"},
            {"Content-Type": "application/x-ndjson"},
            {**JSON, "Content-Encoding": "gzip"},
            {**JSON, "Content-Encoding": "bogus"},
        ],
        ids=str,
    )
    async def test_other_media_types_and_encodings_are_415(
        self, client: AsyncTestClient[Any], headers: dict[str, str]
    ) -> None:
        response = await client.post("/things", content=b'{"title":"x"}', headers=headers)
        assert (response.status_code, response.json()["type"]) == (415, "/problems/unsupported-media-type")

    async def test_a_charset_of_utf_8_is_fine(self, client: AsyncTestClient[Any]) -> None:
        headers = {"Content-Type": 'Application/JSON; charset="UTF-8"', "Content-Encoding": "identity"}
        assert (await client.post("/things", content=b'{"title":"x"}', headers=headers)).status_code == 201


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("limit=0", "out-of-range"),
            ("limit=-1", "out-of-range"),
            ("limit=101", "out-of-range"),
            ("limit=9223372036854775808", "out-of-range"),
            ("limit=abc", "type"),
            ("limit=", "type"),
            ("limit=5&limit=6", "repeated-parameter"),
            ("nope=1", "unknown-parameter"),
            ("name=1", "unknown-parameter"),
        ],
    )
    async def test_a_bad_parameter_is_400_with_its_name(
        self, client: AsyncTestClient[Any], query: str, code: str
    ) -> None:
        response = await client.get(f"/things/a?{query}")
        name = query.partition("=")[0]
        assert response.status_code == 400
        assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [(f"/query/{name}", code)]

    @pytest.mark.parametrize("url", ["/things/a?q=%00", "/things/a?q=%ff", "/things/%00", "/things/%ff", "/%c0%af"])
    async def test_nul_and_invalid_utf_8_are_400(self, client: AsyncTestClient[Any], url: str) -> None:
        response = await client.get(url)
        assert (response.status_code, response.json()["type"]) == (400, "/problems/invalid-encoding")

    async def test_good_parameters_pass(self, client: AsyncTestClient[Any]) -> None:
        response = await client.get("/things/h%C3%A9?limit=100&q=%25_%5C")
        assert response.json() == {"name": "hé", "limit": 100, "q": "%_\\"}

    @pytest.mark.parametrize("url", ["/things/" + "a" * 2048, "/things/a?q=" + "a" * 8192])
    async def test_a_longer_address_than_any_of_ours_is_414(self, client: AsyncTestClient[Any], url: str) -> None:
        response = await client.get(url)
        assert (response.status_code, response.json()["type"]) == (414, "/problems/address-too-long")

    async def test_too_many_parameters_are_400(self, client: AsyncTestClient[Any]) -> None:
        query = "&".join(f"p{number}=1" for number in range(60))
        assert (await client.get(f"/things/a?{query}")).json()["type"] == "/problems/too-many-parameters"


class TestProblems:
    @pytest.mark.parametrize(
        ("how", "status", "code", "header"),
        [
            ("unhandled", 500, "internal", None),
            ("unavailable", 503, "unavailable", "2"),
            ("full", 503, "storage", "30"),
            ("stale", 412, "stale-version", None),
            ("mapped", 412, "stale-version", None),
        ],
    )
    async def test_each_exception_has_its_problem(
        self, client: AsyncTestClient[Any], how: str, status: int, code: str, header: str | None
    ) -> None:
        response = await client.get(f"/fails/{how}")
        problem = response.json()
        assert (response.status_code, problem["type"], problem["status"]) == (status, f"/problems/{code}", status)
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers.get("retry-after") == header
        assert set(problem) >= {"type", "title", "status", "detail", "instance", "errors", "trace_id"}
        assert problem["trace_id"] == response.headers["x-request-id"]
        assert "secret" not in response.text

    async def test_extensions_stand_beside_the_standard_members(self, client: AsyncTestClient[Any]) -> None:
        assert (await client.get("/fails/stale")).json()["current_version"] == 7

    async def test_an_unknown_path_is_404(self, client: AsyncTestClient[Any]) -> None:
        response = await client.get("/nope?q=private")
        assert (response.status_code, response.json()["instance"]) == (404, "/nope")

    @pytest.mark.parametrize("method", ["DELETE", "HEAD", "PUT"])
    async def test_a_wrong_method_is_405_with_allow(self, client: AsyncTestClient[Any], method: str) -> None:
        response = await client.request(method, "/things")
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) == {"POST", "OPTIONS"}

    @pytest.mark.parametrize("url", ["/things/a", "/nope", "/fails/unhandled", "/things/%00", "/livez"])
    async def test_security_headers_are_on_every_answer(self, client: AsyncTestClient[Any], url: str) -> None:
        headers = (await client.get(url)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers

    async def test_transport_security_is_demanded_outside_local(self, settings: ServiceSettings) -> None:
        production = settings.model_copy(update={"profile": "production"})
        async with AsyncTestClient(create_app(production, route_handlers=[])) as client:
            assert "max-age" in (await client.get("/nope")).headers["strict-transport-security"]


async def test_an_application_that_was_asked_can_go(settings: ServiceSettings) -> None:
    """Hundreds in one process, as tests make them, would fill its memory."""

    async def asked() -> weakref.ref[object]:
        @post("/things", opt={"authentication": PUBLIC})
        async def own(data: JSONBody[Thing], limit: FromQuery[int]) -> Thing:
            return data

        app = create_app(settings, route_handlers=[own])
        async with AsyncTestClient(app) as client:
            assert (await client.post("/things?limit=1", json={"title": "x"})).status_code == 201
        return weakref.ref(own.fn)  # an application has its handlers, and they have it

    gone = await asked()
    gc.collect()
    assert gone() is None
