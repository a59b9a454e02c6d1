"""What the application does more because strangers call it: names, addresses, headers, traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opsdash_gateway.app import build_app
from opsdash_http.app import Application
from opsdash_http.requests.addresses import source_of
from opsdash_http.requests.telemetry import Telemetry
from pydantic import ValidationError

from services.gateway.tests.conftest import CRON_SECRET, RecordingPublisher, make_settings

PUBLIC = "/schema/openapi.json"
CRON = "/api/cron/sla-breach-notifications"
SYNC = "/api/workspace/org/0190d5c8-7a7b-7cc0-8a3e-3f6a0f9d0c11"
PRODUCTION = {
    "profile": "production", "operations_port": 9000, "dev_issuer_key_file": None, "dev_people_file": None,
    "oidc_issuer": "https://id.example.com", "oidc_jwks_url": "https://id.example.com/jwks",
    "public_url": "https://support.example.com", "plaintext_network": "accepted",
}  # fmt: skip


def built(tmp_path: Path, **changes: Any) -> Application:
    settings = make_settings(tmp_path, **{**PRODUCTION, **changes})
    return build_app(settings, RecordingPublisher(settings))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """For tests that leave its limits alone: it takes a fifth of a second to build."""
    return built(tmp_path_factory.mktemp("production"))


@pytest.fixture(scope="module")
def with_two_names(tmp_path_factory: pytest.TempPathFactory) -> Application:
    return built(tmp_path_factory.mktemp("two-names"), allowed_hosts="other.example.com")


def calling(app: Any, host: str = "support.example.com", address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url=f"https://{host}")


class TestOperatorRoutes:
    @pytest.mark.parametrize(("method", "path"), [("POST", CRON), ("GET", CRON), ("PUT", SYNC), ("DELETE", SYNC)])
    async def test_in_production_they_are_on_the_operations_port_only(
        self, production: Application, method: str, path: str
    ):
        async with calling(production) as world, calling(production.operations, "gateway") as inside:
            assert (await world.request(method, path)).status_code == 404
            assert (await inside.request(method, path)).status_code == 401

    async def test_a_developer_finds_them_on_both(self, tmp_path: Path):
        application = build_app(make_settings(tmp_path, operations_port=9000))
        for app in (application, application.operations):
            async with calling(app) as client:
                assert (await client.post(CRON)).status_code == 401

    async def test_the_operations_port_lets_cron_in(self, production: Application):
        async with calling(production.operations, "gateway") as inside:
            answer = await inside.put(SYNC, headers={"Authorization": f"Bearer {CRON_SECRET}"}, json={})
            assert answer.status_code == 401  # each secret opens its own door
            assert (await inside.get("/livez")).status_code == 200


class TestHosts:
    @pytest.mark.parametrize("host", ["support.example.com", "SUPPORT.example.com:443", "other.example.com"])
    async def test_its_own_names_are_answered(self, with_two_names: Application, host: str):
        async with calling(with_two_names) as client:
            assert (await client.get(PUBLIC, headers={"Host": host})).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "support.example.com.evil.example",
            "",
            "127.0.0.1",
            "support.example.com@evil",
            "[::1",
            ":443",
        ],
    )
    async def test_another_name_is_refused(self, production: Application, host: str):
        async with calling(production) as client:
            answer = await client.get(PUBLIC, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (421, "/problems/misdirected-request")

    async def test_a_developer_may_call_it_anything(self, tmp_path: Path):
        async with calling(build_app(make_settings(tmp_path)), "whatever") as client:
            assert (await client.get(PUBLIC)).status_code == 200


class TestAddressLimit:
    async def test_strangers_share_the_limit_of_their_address(self, tmp_path: Path):
        application = built(tmp_path, address_request_burst=3, address_requests_per_second=0.01)
        async with calling(application) as one, calling(application, address="192.0.2.2") as other:
            found = [await one.get(path) for path in (PUBLIC, "/api/me", "/sign-in", PUBLIC, "/api/me")]
            assert [answer.status_code for answer in found[:2]] == [200, 401]
            assert [answer.status_code for answer in found[3:]] == [429, 429]
            assert int(found[3].headers["Retry-After"]) >= 1
            assert (await other.get(PUBLIC)).status_code == 200

    async def test_so_do_those_who_ask_for_what_no_route_has(self, tmp_path: Path):
        application = built(tmp_path, address_request_burst=3, address_requests_per_second=0.01)
        async with calling(application) as one, calling(application, address="192.0.2.2") as other:
            asked = (
                ("GET", "/api/nothing"),
                ("PUT", PUBLIC),
                ("GET", "/api/more"),
                ("GET", "/api/no"),
                ("PUT", PUBLIC),
            )
            found = [await one.request(method, path) for method, path in asked]
            assert [answer.status_code for answer in found] == [404, 405, 404, 429, 429]
            assert found[3].json()["type"] == "/problems/too-many-requests"
            assert (await one.get(PUBLIC)).status_code == 429
            assert (await other.get("/api/nothing")).status_code == 404

    @pytest.mark.parametrize(
        ("address", "counted"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::9", "2001:db8:1:2::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("unix", "unix"),
        ],
    )
    def test_of_ipv6_the_network_counts(self, address: str, counted: str):
        assert source_of({"client": (address, 1)}) == counted

    def test_who_cannot_be_known_is_one(self):
        assert source_of({"client": None}) == ""

    @pytest.mark.parametrize("value", ["10.0.0.0/33", "proxy", "10.0.0.1/8", "10.0.0.0/8;::1"])
    def test_trusted_proxies_are_networks(self, tmp_path: Path, value: str):
        with pytest.raises(ValidationError, match="must list addresses or networks"):
            make_settings(tmp_path, trusted_proxies=value)


async def test_pages_ask_a_browser_for_nothing_and_stand_alone(production: Application):
    async with calling(production) as client:
        answer = await client.get("/schema")
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


class TestTraces:
    async def served(self, monkeypatch: pytest.MonkeyPatch, *, continues: bool) -> ReadableSpan:
        exporter, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        monkeypatch.setattr("opsdash_chassis.observability.tracing._tracer", provider.get_tracer("test"))

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        theirs = {"traceparent": f"00-{'4b' * 16}-{'f0' * 8}-01"}
        async with calling(Telemetry(app, continues_traces=continues)) as client:
            await client.get("/", headers=theirs)
        (span,) = exporter.get_finished_spans()
        return span

    async def test_a_strangers_trace_is_linked_and_not_continued(self, monkeypatch: pytest.MonkeyPatch):
        span = await self.served(monkeypatch, continues=False)
        assert span.parent is None
        assert [f"{link.context.trace_id:032x}" for link in span.links] == ["4b" * 16]
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" != "4b" * 16

    async def test_that_of_our_own_gateway_goes_on(self, monkeypatch: pytest.MonkeyPatch):
        span = await self.served(monkeypatch, continues=True)
        assert span.parent is not None
        assert f"{span.parent.trace_id:032x}" == "4b" * 16
