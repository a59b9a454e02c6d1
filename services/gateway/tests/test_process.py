"""The process as an operator meets it: exit codes and one clear line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from opsdash_local.ports import free_port

pytestmark = pytest.mark.integration

GOOD = {
    "OPSDASH_PROFILE": "local",
    "OPSDASH_OIDC_ISSUER": "http://127.0.0.1/dev",
    "OPSDASH_OIDC_AUDIENCE": "opsdash-support",
    "OPSDASH_OIDC_JWKS_URL": "http://127.0.0.1:1/jwks",
    "OPSDASH_TOKEN_TO_TICKETS": "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB",
    "OPSDASH_TOKEN_TO_SLA_MONITOR": "Ms4rL8nOp2tQu6vRw0xSy3zTa7bUc1dV",
    "OPSDASH_WORKSPACE_TOKEN": "Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6",
    "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false",
    "OPSDASH_TICKETS_URL": "http://127.0.0.1:1",
    "OPSDASH_COMMENTS_URL": "http://127.0.0.1:1",
    "OPSDASH_NOTIFICATIONS_URL": "http://127.0.0.1:1",
    "OPSDASH_SLA_MONITOR_URL": "http://127.0.0.1:1",
    "OPSDASH_CRON_SECRET": "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5",
    "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
    "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
    "OPSDASH_SESSION_SECRET": "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0",
}


def run(environment: dict[str, str]) -> tuple[int, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPSDASH_")}
    done = subprocess.run(
        [sys.executable, "-m", "opsdash_gateway", "serve"],
        env=inherited | environment | {"OPSDASH_HTTP_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


def test_bad_settings_are_named_without_their_values() -> None:
    environment = GOOD | {"OPSDASH_WORKSPACE_TOKEN": "canary", "OPSDASH_TICKET_URL": "canary"}
    code, text = run(environment)
    assert code == 2
    assert "OPSDASH_WORKSPACE_TOKEN: is shorter than 32 bytes" in text
    assert "OPSDASH_TICKET_URL: unknown setting" in text
    assert "canary" not in text


def test_without_an_issuer_it_says_where_one_is() -> None:
    code, text = run({name: value for name, value in GOOD.items() if name != "OPSDASH_OIDC_ISSUER"})
    assert code == 2
    assert "OPSDASH_OIDC_ISSUER: is missing; name your identity provider; the local stack (make run)" in text


@pytest.mark.parametrize("profile", ["local", "production"])
@pytest.mark.parametrize("name", ["OPSDASH_DEV_ISSUER_KEY_FILE", "OPSDASH_DEV_PEOPLE_FILE"])
def test_told_to_use_the_development_issuer_it_says_where_that_is(profile: str, name: str) -> None:
    code, text = run(GOOD | {"OPSDASH_PROFILE": profile, name: "/nowhere"})
    assert code == 2
    assert f"{name}: unknown setting; the development issuer is part of the local stack (make run" in text
    assert "OPSDASH_OIDC_ISSUER" in text
