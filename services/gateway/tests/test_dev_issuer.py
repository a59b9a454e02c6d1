"""The development issuer: it works locally, for listed people only, and cannot exist anywhere else."""

from __future__ import annotations

import json
import os
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar.testing import TestClient
from opsdash_chassis.errors import StartupError
from opsdash_gateway.app import build_app
from opsdash_gateway.dev_issuer.signing import load_or_create_key
from opsdash_gateway.settings import GatewaySettings
from pydantic import ValidationError

from tests.support.web_client import Browser

PERSON = "11111111-1111-4111-8111-111111111111"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class TestSignIn:
    async def test_a_token_opens_the_api(self, gateway: Any) -> None:
        assert (await gateway.call("GET", "/api/me"))[0] == 200

    async def test_strangers_get_no_token(self, gateway: Any) -> None:
        status, _, _ = await gateway.call("POST", "/dev/token", token="", json={"user_id": str(uuid4())})
        assert status == 404
        assert (await gateway.call("GET", f"/dev/sign-in/{uuid4()}", token=""))[0] == 404

    @pytest.mark.parametrize("body", [{}, {"user_id": "x"}, {"user_id": PERSON, "role": "owner"}])
    async def test_bad_requests_are_400(self, gateway: Any, body: dict[str, Any]) -> None:
        assert (await gateway.call("POST", "/dev/token", token="", json=body))[0] == 400

    async def test_the_key_set_holds_no_private_part(self, gateway: Any) -> None:
        for path in ("/dev/jwks.json", "/dev/jwks"):
            _, _, body = await gateway.call("GET", path, token="")
            (key,) = json.loads(body)["keys"]
            assert key.keys() == {"kty", "crv", "x", "kid", "alg", "use"}

    @pytest.mark.parametrize("path", ["/dev/sign-in", f"/dev/sign-in/{PERSON}/token"])
    async def test_pages_are_plain_and_escaped(self, gateway: Any, path: str) -> None:
        status, headers, body = await gateway.call("GET", path, token="")
        tags = Tags()
        tags.feed(body.decode())
        assert status == 200
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "admin" not in {tag for tag, _ in tags.found}
        assert not {"style", "form"} & {tag for tag, _ in tags.found}
        assert all((found["src"] or "").startswith("/static/") for tag, found in tags.found if tag == "script")
        assert "Ada &lt;Admin&gt;" in body.decode()

    async def test_a_persons_page_has_a_command_to_try(self, gateway: Any) -> None:
        _, _, body = await gateway.call("GET", f"/dev/sign-in/{PERSON}/token", token="")
        assert "curl -H &quot;Authorization: Bearer $TOKEN&quot;" in body.decode()
        assert "/api/orgs/brightside/tickets" in body.decode()

    async def test_and_one_that_ends_their_sessions_as_a_provider_does(self, gateway: Any) -> None:
        browser = Browser(gateway.session, gateway.url)
        await browser.follow(f"/dev/sign-in/{PERSON}")
        _, _, body = await gateway.call("GET", f"/dev/sign-in/{PERSON}/token", token="")
        found = re.search(r"curl -d logout_token=(\S+) \S+(/sign-out/back-channel)<", body.decode())
        assert found
        assert not (await browser.get("/")).location.startswith("/en/sign-in")
        status, _, _ = await gateway.call("POST", found[2], token="", data={"logout_token": found[1]})
        assert status == 200
        assert (await browser.get("/")).location.startswith("/en/sign-in")


class TestKeyFile:
    def test_is_made_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "key.pem"
        first, second = load_or_create_key(path), load_or_create_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert first.private_bytes_raw() == second.private_bytes_raw()

    def test_a_broken_file_stops_the_start(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_text("nonsense")
        with pytest.raises(StartupError, match=rf"development key {path} .*remove it and start again"):
            load_or_create_key(path)

    def test_a_process_that_is_killed_while_it_makes_the_key_leaves_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        path = tmp_path / "key.pem"
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdopen", killed)
            with pytest.raises(KeyboardInterrupt):
                load_or_create_key(path)
        assert not path.exists()
        assert load_or_create_key(path).private_bytes_raw()


SETTINGS: dict[str, Any] = {
    "oidc_issuer": "https://id.example.test/",
    "oidc_audience": "opsdash-support",
    "oidc_jwks_url": "https://id.example.test/jwks.json",
    "token_to_tickets": "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB",
    "token_to_sla_monitor": "Ms4rL8nOp2tQu6vRw0xSy3zTa7bUc1dV",
    "workspace_token": "Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6",
    "kafka_bootstrap_servers": "kafka:9092",
    "kafka_security_protocol": "SSL",
    "operations_port": 9000,
    "tickets_url": "https://tickets:8000",
    "comments_url": "https://comments:8000",
    "sla_monitor_url": "https://sla-monitor:8000",
    "cron_secret": "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5",
    "public_url": "https://support.example.test",
    "session_secret": "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0",
    "oidc_client_id": "opsdash-console",
}


class TestSettings:
    @pytest.mark.parametrize("name", ["dev_issuer_key_file", "dev_people_file"])
    def test_production_refuses_the_issuer(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="local profile only"):
            GatewaySettings(**SETTINGS | {name: tmp_path / "x"})

    def test_one_file_without_the_other_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="belong together"):
            GatewaySettings(**SETTINGS, profile="local", dev_people_file=tmp_path / "x")

    def test_one_secret_for_two_doors_is_refused(self) -> None:
        changed = SETTINGS | {"workspace_token": SETTINGS["token_to_tickets"]}
        with pytest.raises(ValidationError, match="must differ") as error:
            GatewaySettings(**changed)
        assert SETTINGS["token_to_tickets"] not in str(error.value)

    @pytest.mark.parametrize("name", ["workspace_token", "cron_secret", "token_to_tickets", "token_to_sla_monitor"])
    def test_the_session_secret_is_its_own(self, name: str) -> None:
        with pytest.raises(ValidationError, match="must differ"):
            GatewaySettings(**SETTINGS | {"session_secret": SETTINGS[name]})

    @pytest.mark.parametrize("secret", ["", "short", "x" * 40, " " + SETTINGS["cron_secret"], "a,b,c"])
    def test_a_weak_session_secret_is_refused(self, secret: str) -> None:
        with pytest.raises(ValidationError) as error:
            GatewaySettings(**SETTINGS | {"session_secret": secret})
        assert error.value.errors()[0]["loc"] == ("session_secret",)

    def test_production_keeps_operations_away_from_the_world(self) -> None:
        with pytest.raises(ValidationError, match="OPSDASH_OPERATIONS_PORT is missing"):
            GatewaySettings(**SETTINGS | {"operations_port": None})

    @pytest.mark.parametrize("name", ["tickets_url", "comments_url", "sla_monitor_url"])
    def test_production_calls_no_service_in_plain_text(self, name: str) -> None:
        plain = SETTINGS | {name: "http://owner:8000"}
        with pytest.raises(ValidationError, match=f"OPSDASH_{name.upper()} must use https"):
            GatewaySettings(**plain)
        assert GatewaySettings(**plain, plaintext_network="accepted")

    @pytest.mark.parametrize("value", ["inf", "nan", "1e300", 0])
    @pytest.mark.parametrize("name", ["user_requests_per_second", "address_requests_per_second", "live_streams"])
    def test_a_limit_is_a_number(self, name: str, value: object) -> None:
        with pytest.raises(ValidationError) as error:
            GatewaySettings(**SETTINGS | {name: value})
        assert error.value.errors()[0]["loc"] == (name,)

    @pytest.mark.parametrize("name", ["public_url", "oidc_issuer"])
    def test_production_needs_tls_towards_browsers(self, name: str) -> None:
        with pytest.raises(ValidationError, match="must use https"):
            GatewaySettings(**SETTINGS | {name: "http://support.example.test"})

    @pytest.mark.parametrize(
        ("name", "value"),
        [("oidc_client_id", ""), ("oidc_client_secret", ""), ("oidc_client_secret", " x"), ("oidc_scopes", "profile")],
    )
    def test_a_half_configured_client_is_refused(self, name: str, value: str) -> None:
        with pytest.raises(ValidationError) as error:
            GatewaySettings(**SETTINGS | {name: value})
        assert error.value.errors()[0]["loc"] == (name,)

    @pytest.mark.parametrize("url", ["", "tickets:8000", "ftp://x", "http://user@x", "http://x?a=1"])
    def test_urls_are_plain(self, url: str) -> None:
        with pytest.raises(ValidationError):
            GatewaySettings(**SETTINGS | {"tickets_url": url})

    def test_production_has_no_route_of_the_issuer(self) -> None:
        client = TestClient(build_app(GatewaySettings(**SETTINGS)), base_url=SETTINGS["public_url"])
        for path in ("/dev/sign-in", "/dev/jwks.json", "/dev/jwks", f"/dev/sign-in/{PERSON}"):
            assert client.get(path).status_code == 404
        assert client.post("/dev/token", json={"user_id": PERSON}).status_code == 404
        assert client.get("/dev/.well-known/openid-configuration").status_code == 404
        assert client.get("/dev/authorize").status_code == 404
