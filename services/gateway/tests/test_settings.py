"""Settings of the gateway: what is refused, and what production must not be without."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient
from opsdash_gateway.app import build_app
from opsdash_gateway.settings import GatewaySettings
from pydantic import ValidationError

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
    "notifications_url": "https://notifications:8000",
    "sla_monitor_url": "https://sla-monitor:8000",
    "cron_secret": "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5",
    "public_url": "https://support.example.test",
    "session_secret": "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0",
    "oidc_client_id": "opsdash-console",
}


class TestSettings:
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

    @pytest.mark.parametrize("name", ["tickets_url", "comments_url", "notifications_url", "sla_monitor_url"])
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

    @pytest.mark.parametrize("profile", ["local", "production"])
    def test_there_is_no_route_that_signs_in_without_a_provider(self, profile: str) -> None:
        client = TestClient(build_app(GatewaySettings(**SETTINGS, profile=profile)), base_url=SETTINGS["public_url"])
        assert client.get("/dev/sign-in").status_code == 404
        assert client.get("/dev/jwks").status_code == 404
        assert client.post("/dev/token", json={"user_id": "11111111-1111-4111-8111-111111111111"}).status_code == 404
