"""The cron route: one secret opens it, whatever else comes with the call; guesses are slowed down."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from opsdash_gateway.settings import GatewaySettings
from opsdash_gateway.sla.cron_secret import ALLOWED_REFUSALS, MAXIMUM_SOURCES, Refusals
from opsdash_gateway.upstream import sla_monitor_client
from pydantic import ValidationError

from services.gateway.tests.conftest import (
    CRON_SECRET,
    MONITOR_TOKEN,
    WORKSPACE_TOKEN,
    FakeUpstream,
    Gateway,
    StartGateway,
)
from services.gateway.tests.test_settings import SETTINGS

PATH = "/api/cron/sla-breach-notifications"
COUNTS = {"checked": 3, "breached": 2, "notified": 1, "already_notified": 1, "lateness_ms_max": 40, "took_ms": 7}
OLD_SECRET = "Od7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa6"


@pytest.fixture
async def monitored(upstream: FakeUpstream, start_gateway: StartGateway) -> Gateway:
    """A gateway whose monitor answers every sweep with the same counts."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(COUNTS)

    upstream.answer = answer
    return await start_gateway(sla_monitor_url=upstream.url, cron_secret=f"{CRON_SECRET},{OLD_SECRET}")


def bearer(secret: str) -> dict[str, Any]:
    return {"token": "", "headers": {"Authorization": f"Bearer {secret}"}}


class TestTheRightSecret:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("secret", [CRON_SECRET, OLD_SECRET])
    async def test_it_runs_a_sweep_and_answers_numbers_only(
        self, monitored: Gateway, upstream: FakeUpstream, method: str, secret: str
    ):
        status, headers, body = await monitored.call(method, PATH, **bearer(secret))
        assert (status, json.loads(body)) == (200, COUNTS)
        assert headers["cache-control"] == "no-store"
        called, path, sent, _ = upstream.requests[-1]
        assert (called, path) == ("POST", "/internal/sweep")
        assert sent["authorization"] == f"Bearer {MONITOR_TOKEN}"

    async def test_cookies_and_query_change_nothing(self, monitored: Gateway):
        status, _, _ = await monitored.call(
            "GET", f"{PATH}?secret=x&anything=1", token="",
            headers={"Authorization": f"Bearer {CRON_SECRET}", "Cookie": "session=abc"},
        )  # fmt: skip
        assert status == 200

    async def test_head_is_not_a_way_in(self, monitored: Gateway, upstream: FakeUpstream):
        status, _, _ = await monitored.call("HEAD", PATH, **bearer(CRON_SECRET))
        assert status == 405
        assert not upstream.requests

    async def test_no_monitor_is_a_503(self, start_gateway: StartGateway):
        gateway = await start_gateway()
        status, headers, _ = await gateway.call("GET", PATH, **bearer(CRON_SECRET))
        assert (status, headers["retry-after"]) == (503, "5")


class Slow:
    """A monitor whose sweep ends after `sweeps` looks at whether it is there; a frozen one answers nothing at all."""

    def __init__(self, *, sweeps: int, frozen: bool = False) -> None:
        self.left = sweeps
        self.frozen = frozen
        self.swept = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.frozen:
            await asyncio.sleep(3600)
        if request.path == "/internal/alive":
            self.left -= 1
            if not self.left:
                self.swept.set()
            return web.Response(status=204)
        await self.swept.wait()
        return web.json_response(COUNTS)


class TestASlowMonitor:
    @pytest.fixture(autouse=True)
    def asked_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert sla_monitor_client.ASKED_EVERY_SECONDS + sla_monitor_client.ALIVE_SECONDS == 5
        monkeypatch.setattr(sla_monitor_client, "ASKED_EVERY_SECONDS", 0.05)
        monkeypatch.setattr(sla_monitor_client, "ALIVE_SECONDS", 0.5)

    async def test_a_long_sweep_is_waited_for_as_long_as_the_monitor_is_there(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        upstream.answer = Slow(sweeps=5)
        gateway = await start_gateway(sla_monitor_url=upstream.url)
        status, _, body = await gateway.call("GET", PATH, **bearer(CRON_SECRET))
        assert (status, json.loads(body)) == (200, COUNTS)

    async def test_a_frozen_one_is_given_up(self, upstream: FakeUpstream, start_gateway: StartGateway):
        upstream.answer = Slow(sweeps=1, frozen=True)
        gateway = await start_gateway(sla_monitor_url=upstream.url)
        status, headers, _ = await gateway.call("GET", PATH, **bearer(CRON_SECRET))
        assert (status, headers["retry-after"]) == (503, "5")
        assert [path for _, path, _, _ in upstream.requests] == ["/internal/sweep", "/internal/alive"]


class TestAnythingElse:
    async def test_it_is_401_with_the_same_body(self, monitored: Gateway, upstream: FakeUpstream):
        attempts: list[tuple[str, dict[str, str]]] = [
            (PATH, {}),
            (PATH, {"Authorization": "Bearer wrong"}),
            (PATH, {"Authorization": f"Bearer {CRON_SECRET[:-1]}"}),
            (PATH, {"Authorization": f"Bearer {CRON_SECRET}\t"}),
            (PATH, {"Authorization": f"Basic {CRON_SECRET}"}),
            (f"{PATH}?secret={CRON_SECRET}", {}),
            (PATH, {"Cookie": f"secret={CRON_SECRET}"}),
            (PATH, {"Authorization": f"Bearer {monitored.token}"}),
            (PATH, {"Authorization": f"Bearer {MONITOR_TOKEN}"}),
            (PATH, {"Authorization": f"Bearer {CRON_SECRET},{OLD_SECRET}"}),
        ]
        upstream.requests.clear()
        bodies = []
        for path, headers in attempts:
            status, answered, body = await monitored.call("GET", path, token="", headers=headers)
            assert status == 401, headers
            assert answered["www-authenticate"] == 'Bearer error="invalid_token"'
            bodies.append({name: value for name, value in json.loads(body).items() if name != "trace_id"})
        assert all(one == other for one, other in pairwise(bodies))
        assert not upstream.requests

    async def test_after_ten_in_a_minute_it_is_429_but_the_right_secret_still_works(self, monitored: Gateway):
        statuses = [(await monitored.call("GET", PATH, **bearer("x" * 40)))[0] for _ in range(ALLOWED_REFUSALS + 2)]
        assert statuses == [401] * ALLOWED_REFUSALS + [429, 429]
        _, headers, _ = await monitored.call("GET", PATH, **bearer("x" * 40))
        assert 1 <= int(headers["retry-after"]) <= 60
        assert (await monitored.call("GET", PATH, **bearer(CRON_SECRET)))[0] == 200


class TestRefusals:
    def test_the_minute_slides_and_sources_do_not_share_it(self):
        now = 0.0
        refusals = Refusals(lambda: now)
        assert [refusals.too_many("a") for _ in range(ALLOWED_REFUSALS)] == [None] * ALLOWED_REFUSALS
        assert refusals.too_many("a") == 60
        assert refusals.too_many("b") is None
        now = 60.5
        assert refusals.too_many("a") is None

    def test_memory_is_bounded(self):
        refusals = Refusals()
        for number in range(MAXIMUM_SOURCES + 100):
            refusals.too_many(str(number))
        assert len(refusals._sources) == MAXIMUM_SOURCES


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "brief-canary",
        CRON_SECRET[:31],
        f" {CRON_SECRET}",
        f"{CRON_SECRET}\n",
        f"{CRON_SECRET},",
        f"{CRON_SECRET},short",
        f"{CRON_SECRET},{OLD_SECRET},{CRON_SECRET}",
        "changeme-changeme-changeme-changeme",
        "x" * 64,
        MONITOR_TOKEN,
        f"{CRON_SECRET},{WORKSPACE_TOKEN}",
    ],
)
def test_a_bad_secret_is_refused_at_start_without_showing_it(secret: str):
    with pytest.raises(ValidationError) as refused:
        GatewaySettings(**SETTINGS | {"cron_secret": secret})
    assert not secret or secret not in str(refused.value)
