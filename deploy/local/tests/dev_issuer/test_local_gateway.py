"""The program `opsdash-local-gateway`: the gateway's commands, and what it refuses to start with."""

from __future__ import annotations

import pytest
from opsdash_local.environment import inherited

from services.gateway.tests.test_process import GOOD
from tests.support import service_process

PRODUCTION = {"OPSDASH_PROFILE": "production"}


@pytest.mark.parametrize("name", ["OPSDASH_DEV_ISSUER_KEY_FILE", "OPSDASH_DEV_PEOPLE_FILE"])
def test_production_refuses_the_issuer_by_the_name_of_its_setting(name: str) -> None:
    secure = {key: value.replace("http://", "https://") for key, value in GOOD.items()}
    secure |= {"OPSDASH_OPERATIONS_PORT": "9000", "OPSDASH_PLAINTEXT_NETWORK": "accepted"}
    secure["OPSDASH_KAFKA_IDEMPOTENT_PRODUCER"] = "true"
    done = service_process.run(
        "opsdash_local.gateway", "serve", env=inherited() | secure | PRODUCTION | {name: "/nowhere"}
    )
    assert (done.returncode, done.stderr) == (2, f"configuration: {name} exists in the local profile only\n")


def test_it_has_the_commands_of_the_gateway() -> None:
    done = service_process.run("opsdash_local.gateway", "--help", env=inherited())
    gateway = service_process.run("opsdash_gateway", "--help", env=inherited())
    assert done.stdout == gateway.stdout.replace("opsdash-gateway", "opsdash-local-gateway")
    assert "cron" in done.stdout
