"""Who is let in: the same 401 for every reason, before anything else of the request is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from litestar import Router, WebSocket, asgi, get, post, websocket
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.testing import AsyncTestClient
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app
from opsdash_http.security.authentication import Services
from opsdash_http.security.internal import ServiceToken
from opsdash_http.security.tokens import Caller

OLD = "oldoldoldoldoldoldoldoldoldoldoldA"
NEW = "newnewnewnewnewnewnewnewnewnewnewB"
SHOWN = {name: f"{name}-b1946ac92492d2347c6235b4d2611184" for name in ("gateway", "comments", "sla-monitor")}
CALLERS = {name: ServiceToken(secret) for name, secret in SHOWN.items()}


@get("/me")
async def me(caller: NamedDependency[Caller]) -> dict[str, str]:
    return {"user_id": str(caller.user_id)}


@post("/me")
async def post_me(data: JSONBody[dict[str, str]], caller: NamedDependency[Caller]) -> None:
    return None


@get("/internal", opt={"authentication": Services(("gateway", "comments"))})
async def internal() -> str:
    return "ok"


@get("/other", opt={"authentication": Services(("sla-monitor",))})
async def other() -> str:
    return "ok"


@get("/feed", opt={"authentication": ServiceToken(f"{NEW},{OLD}")})
async def feed() -> str:
    return "ok"


@pytest.fixture
async def client(settings: ServiceSettings) -> AsyncIterator[AsyncTestClient[Any]]:
    app = create_app(settings, route_handlers=[me, post_me, internal, other, feed], callers=CALLERS)
    async with AsyncTestClient(app) as client:
        yield client


class TestUsers:
    async def test_a_good_token_is_the_caller(self, client: AsyncTestClient[Any], issuer: Any) -> None:
        user = str(uuid4())
        response = await client.get("/me", headers={"Authorization": f"Bearer {issuer.token(sub=user)}"})
        assert response.json() == {"user_id": user}

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [("Authorization", "")],
            [("Authorization", "Bearer")],
            [("Authorization", "Bearer ")],
            [("Authorization", "Bearer abc")],
            [("Authorization", "Bearer a b")],
            [("Authorization", "Basic dXNlcjpwYXNz")],
            [("Cookie", "session=abc")],
        ],
        ids=str,
    )
    async def test_every_refusal_looks_the_same(
        self, client: AsyncTestClient[Any], headers: list[tuple[str, str]]
    ) -> None:
        response = await client.get("/me", headers=headers)
        problem = response.json()
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert problem["type"] == "/problems/unauthenticated"
        assert problem["detail"] == "A valid bearer access token is required."
        assert problem["errors"] == []

    async def test_two_authorization_headers_are_refused(self, client: AsyncTestClient[Any], issuer: Any) -> None:
        good = ("Authorization", f"Bearer {issuer.token()}")
        assert (await client.get("/me", headers=[good, good])).status_code == 401

    @pytest.mark.parametrize("name", ["access_token", "token"])
    async def test_a_token_in_the_query_is_no_token(self, client: AsyncTestClient[Any], issuer: Any, name: str) -> None:
        assert (await client.get(f"/me?{name}={issuer.token()}")).status_code == 401

    async def test_strangers_do_not_learn_about_their_body(self, client: AsyncTestClient[Any]) -> None:
        assert (await client.post("/me", content=b"nonsense")).status_code == 401

    async def test_no_keys_at_all_is_503(self, client: AsyncTestClient[Any], issuer: Any) -> None:
        issuer.healthy = False
        response = await client.get("/me", headers={"Authorization": f"Bearer {issuer.token()}"})
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")


class TestServices:
    @pytest.mark.parametrize("secret", [NEW, OLD])
    async def test_both_secrets_work_while_rotating(self, client: AsyncTestClient[Any], secret: str) -> None:
        assert (await client.get("/feed", headers={"Authorization": f"Bearer {secret}"})).status_code == 200

    @pytest.mark.parametrize(
        "value",
        [
            f"Bearer {NEW[:-1]}",
            f"Bearer {NEW}x",
            f"Bearer {NEW},{OLD}",
            f"Basic {NEW}",
            f"Bearer  {NEW}",
            NEW,
            "Bearer é",
        ],
    )
    async def test_anything_else_is_401(self, client: AsyncTestClient[Any], value: str) -> None:
        headers = [(b"Authorization", value.encode())]
        assert (await client.get("/feed", headers=headers)).status_code == 401

    async def test_a_user_is_no_service(self, client: AsyncTestClient[Any], issuer: Any) -> None:
        headers = {"Authorization": f"Bearer {issuer.token()}"}
        assert (await client.get("/feed", headers=headers)).status_code == 401
        assert (await client.get("/internal", headers=headers)).status_code == 401

    @pytest.mark.parametrize("caller", SHOWN)
    async def test_a_service_is_let_into_the_routes_it_calls_and_no_others(
        self, client: AsyncTestClient[Any], caller: str
    ) -> None:
        headers = {"Authorization": f"Bearer {SHOWN[caller]}"}
        own = {"sla-monitor": "/other"}.get(caller, "/internal")
        for path in ("/internal", "/other", "/feed", "/me"):
            assert (await client.get(path, headers=headers)).status_code == (200 if path == own else 401)

    async def test_a_route_for_a_service_without_a_token_is_refused_at_start(self, settings: ServiceSettings) -> None:
        with pytest.raises(RuntimeError, match="/other could be reached"):
            create_app(settings, route_handlers=[other], callers={"gateway": ServiceToken(NEW)})

    @pytest.mark.parametrize("secrets", ["", "short", f"{NEW},short", f"{NEW},"])
    def test_a_short_secret_is_refused_at_start(self, secrets: str) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            ServiceToken(secrets)


async def passes(_: Any) -> None:
    return None


@get("/open", before_request=passes)
async def hooked() -> str:
    return "ok"


@get("/open")
async def inside() -> str:
    return "ok"


@get("/open", cache=True)
async def cached() -> str:
    return "ok"


@asgi("/open", copy_scope=False)
async def bare(scope: Any, receive: Any, send: Any) -> None:
    return None


@websocket("/open")
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    return None


class TestEveryRoute:
    @pytest.mark.parametrize(
        "route",
        [hooked, Router("/", route_handlers=[inside], before_request=passes), cached, bare, socket],
        ids=["own hook", "router's hook", "cached", "asgi", "websocket"],
    )
    def test_one_that_would_go_around_the_gate_cannot_be_served(self, settings: ServiceSettings, route: Any) -> None:
        with pytest.raises(RuntimeError, match="/open could be reached without authentication"):
            create_app(settings, route_handlers=[me, route])
