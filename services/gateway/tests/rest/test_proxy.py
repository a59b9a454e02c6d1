"""Pass-through to the tickets service: what travels, what is refused, and what happens when it is away."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.sdk.trace import TracerProvider
from opsdash_gateway.rest.openapi import upstream_document
from opsdash_gateway.upstream import client
from opsdash_http.openapi import METHODS

TICKETS = "/api/orgs/brightside/tickets"
ONE = f"{TICKETS}/42"
JSON = {"Content-Type": "application/json"}
PUBLISHED = [
    (method.upper(), path)
    for path, item in upstream_document("tickets")["paths"].items()
    for method in item
    if method in METHODS
]


class TestWhatTravels:
    @pytest.mark.parametrize(
        ("method", "path", "upstream_path"),
        [
            ("GET", TICKETS, "/orgs/brightside/tickets"),
            ("GET", f"{TICKETS}?limit=5&assignee=a%20b", "/orgs/brightside/tickets?limit=5&assignee=a%20b"),
            ("GET", f"{ONE}/activity", "/orgs/brightside/tickets/42/activity"),
            ("DELETE", ONE, "/orgs/brightside/tickets/42"),
            ("GET", "/api/me", "/me"),
        ],
    )
    async def test_the_path_without_its_prefix(
        self, gateway: Any, upstream: Any, method: str, path: str, upstream_path: str
    ) -> None:
        status, _, body = await gateway.call(method, path)
        assert (status, json.loads(body)) == (200, {"items": []})
        assert [request[:2] for request in upstream.requests] == [(method, upstream_path)]

    @pytest.mark.parametrize(("method", "path"), [("POST", TICKETS), ("PATCH", ONE)])
    async def test_the_body_unchanged_and_the_named_headers_only(
        self, gateway: Any, upstream: Any, method: str, path: str
    ) -> None:
        sent = b'{ "title" : "h\xc3\xa9" }'
        headers = {**JSON, "If-Match": '"3"', "Idempotency-Key": "k1", "X-Other": "1", "Cookie": "a=b"}
        await gateway.call(method, path, data=sent, headers=headers)
        _, _, received, body = upstream.requests[0]
        assert body == sent
        assert received["authorization"] == f"Bearer {gateway.token}"
        assert (received["if-match"], received["idempotency-key"]) == ('"3"', "k1")
        assert not {"x-other", "cookie"} & received.keys()

    async def test_the_answer_unchanged(self, gateway: Any, upstream: Any) -> None:
        async def answer(_: web.Request) -> web.Response:
            headers = {"ETag": '"7"', "Location": "/api/x", "Idempotency-Replayed": "true", "X-Inside": "secret"}
            return web.Response(status=201, body=b'{ "a" : 1 }', content_type="application/json", headers=headers)

        upstream.answer = answer
        status, headers, body = await gateway.call("POST", TICKETS, data=b"{}", headers=JSON)
        assert (status, body) == (201, b'{ "a" : 1 }')
        assert headers["content-type"].startswith("application/json")
        assert (headers["etag"], headers["location"], headers["idempotency-replayed"]) == ('"7"', "/api/x", "true")
        assert "x-inside" not in headers
        assert headers["x-content-type-options"] == "nosniff"

    async def test_an_empty_204(self, gateway: Any, upstream: Any) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=204)

        upstream.answer = answer
        status, headers, body = await gateway.call("DELETE", ONE)
        assert (status, body) == (204, b"")
        assert "content-type" not in headers

    async def test_a_problem_of_the_owner(self, gateway: Any, upstream: Any) -> None:
        problem = {"type": "/problems/plan-limit-reached", "status": 403, "limit": 500}

        async def answer(_: web.Request) -> web.Response:
            return web.json_response(problem, status=403, content_type="application/problem+json")

        upstream.answer = answer
        status, headers, body = await gateway.call("POST", TICKETS, data=b"{}", headers=JSON)
        assert (status, json.loads(body)) == (403, problem)
        assert headers["content-type"].startswith("application/problem+json")

    @pytest.mark.parametrize("status", [302, 404, 500])
    async def test_no_other_failure_shows_its_inside(self, gateway: Any, upstream: Any, status: int) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text="Traceback: password", headers={"Location": "http://inside/"})

        upstream.answer = answer
        status, headers, body = await gateway.call("GET", TICKETS)
        assert (status, json.loads(body)["type"]) == (502, "/problems/bad-upstream")
        assert b"password" not in body
        assert "location" not in headers

    @pytest.mark.parametrize("exported", [False, True])
    async def test_a_trace_starts_here_whatever_the_client_names(
        self, gateway: Any, upstream: Any, monkeypatch: pytest.MonkeyPatch, exported: bool
    ) -> None:
        monkeypatch.setattr(
            "opsdash_chassis.observability.tracing._tracer", TracerProvider().get_tracer("test") if exported else None
        )
        theirs = "4bf92f3577b34da6a3ce929d0e0e4736"
        _, headers, _ = await gateway.call("GET", TICKETS, headers={"traceparent": f"00-{theirs}-00f067aa0ba902b7-01"})
        ours = headers["x-request-id"]
        assert upstream.requests[0][2]["traceparent"].split("-")[1] == ours
        assert ours != theirs


class TestEveryPublishedRoute:
    @pytest.mark.parametrize(("method", "path"), PUBLISHED, ids=map(" ".join, PUBLISHED))
    async def test_reaches_the_owner(self, gateway: Any, upstream: Any, method: str, path: str) -> None:
        path = path.replace("{slug}", "brightside").replace("{reference}", "42")
        assert (await gateway.call(method, f"/api{path}"))[0] == 200
        assert [request[:2] for request in upstream.requests] == [(method, path)]


class TestRefusedBeforeTheUpstream:
    @pytest.mark.parametrize("token", ["", "abc", "a.b.c"])
    async def test_without_a_good_token_nothing_travels(self, gateway: Any, upstream: Any, token: str) -> None:
        assert (await gateway.call("GET", TICKETS, token=token))[0] == 401
        assert upstream.requests == []

    @pytest.mark.parametrize(
        "path",
        [
            "/api/orgs/Bright/tickets",
            "/api/orgs/-a/tickets",
            f"/api/orgs/{'a' * 64}/tickets",
            "/api/orgs/a%2F..%2F..%2Finternal/tickets",
            f"{TICKETS}/%2e%2e",
            f"{TICKETS}/..%2f..%2finternal",
            f"{TICKETS}/a%3Fb",
            f"{TICKETS}/a%23b",
            f"{TICKETS}/{'1' * 65}",
            "/api/internal/confirm",
            "/orgs/brightside/tickets",
            "/internal",
        ],
    )
    async def test_no_path_climbs_to_another_route_of_the_owner(self, gateway: Any, upstream: Any, path: str) -> None:
        from yarl import URL

        async with gateway.session.get(
            URL(gateway.url + path, encoded=True), headers={"Authorization": f"Bearer {gateway.token}"}
        ) as response:
            assert response.status == 404
        assert upstream.requests == []

    @pytest.mark.parametrize(
        ("data", "headers", "status"),
        [
            (b"{}", {"Content-Type": "text/plain"}, 415),
            (b"{}", {**JSON, "Content-Encoding": "gzip"}, 415),
            (b" " * 1_048_577, JSON, 413),
        ],
    )
    async def test_bad_bodies(
        self, gateway: Any, upstream: Any, data: bytes, headers: dict[str, str], status: int
    ) -> None:
        assert (await gateway.call("POST", TICKETS, data=data, headers=headers))[0] == status
        assert upstream.requests == []

    async def test_a_repeated_parameter(self, gateway: Any, upstream: Any) -> None:
        assert (await gateway.call("GET", f"{TICKETS}?limit=1&limit=2"))[0] == 400
        assert upstream.requests == []

    async def test_a_method_nobody_offers(self, gateway: Any) -> None:
        status, headers, _ = await gateway.call("PUT", ONE)
        assert status == 405
        assert "PATCH" in headers["allow"]


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class TestUpstreamAway:
    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    async def test_a_reset_is_tried_once_more(self, gateway: Any, upstream: Any, method: str) -> None:
        async def first_drops(request: web.Request) -> web.StreamResponse:
            return await drop(request) if len(upstream.requests) == 1 else web.json_response({})

        upstream.answer = first_drops
        assert (await gateway.call(method, ONE))[0] == 200
        assert len(upstream.requests) == 2

    async def test_it_is_not_tried_a_third_time(self, gateway: Any, upstream: Any) -> None:
        upstream.answer = drop
        assert (await gateway.call("GET", ONE))[0] == 503
        assert len(upstream.requests) <= 2

    @pytest.mark.parametrize(
        ("method", "path", "key", "tries"),
        [("POST", TICKETS, None, 1), ("PATCH", ONE, None, 1), ("PATCH", ONE, "k", 1), ("POST", TICKETS, "k", 2)],
    )
    async def test_a_write_is_repeated_only_under_an_idempotency_key(
        self, gateway: Any, upstream: Any, method: str, path: str, key: str | None, tries: int
    ) -> None:
        upstream.answer = drop
        headers = {**JSON, **({"Idempotency-Key": key} if key else {})}
        status, answer_headers, body = await gateway.call(method, path, data=b"{}", headers=headers)
        assert (status, json.loads(body)["type"]) == (503, "/problems/unavailable")
        assert answer_headers["retry-after"] == "1"
        assert len(upstream.requests) == tries

    async def test_nobody_listening_is_503_at_once(self, start_gateway: Any) -> None:
        gateway = await start_gateway(tickets_url="http://127.0.0.1:1")
        status, headers, _ = await gateway.call("GET", ONE)
        assert (status, headers["retry-after"]) == (503, "1")

    async def test_an_owner_that_never_accepts_is_503(self, start_gateway: Any) -> None:
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            port = deaf.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):  # fills the queue: the next one gets no answer
                gateway = await start_gateway(tickets_url=f"http://127.0.0.1:{port}")
                async with asyncio.timeout(30):  # the system itself would go on trying for minutes
                    statuses = await asyncio.gather(*(gateway.call("GET", ONE) for _ in range(3)))
        assert 503 in {status for status, _, _ in statuses}

    async def test_readiness_does_not_ask_the_owner(self, start_gateway: Any) -> None:
        gateway = await start_gateway(tickets_url="http://127.0.0.1:1")
        assert (await gateway.call("GET", "/readyz", token=""))[0] == 200
        assert (await gateway.call("GET", "/livez", token=""))[0] == 200

    async def test_a_slow_owner_is_503_at_the_deadline_and_not_asked_twice(
        self, gateway: Any, upstream: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def slow(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(2)
            return web.Response()

        monkeypatch.setattr(client, "TOTAL_SECONDS", 0.3)
        upstream.answer = slow
        assert (await gateway.call("GET", TICKETS))[0] == 503
        assert len(upstream.requests) == 1
