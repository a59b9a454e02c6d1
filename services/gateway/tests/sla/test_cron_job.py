"""`opsdash-gateway cron` as a scheduled job meets it: a real process against a running gateway."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web
from opsdash_local.ports import free_port

from services.gateway.tests.conftest import CRON_SECRET, FakeUpstream, Gateway, StartGateway

COUNTS = {"checked": 3, "breached": 2, "notified": 1, "already_notified": 1, "lateness_ms_max": 40, "took_ms": 7}
NEW_SECRET = "Nw7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa7"
WRONG_SECRET = "Wr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa8"


@pytest.fixture
async def monitored(upstream: FakeUpstream, start_gateway: StartGateway) -> Gateway:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(COUNTS)

    upstream.answer = answer
    return await start_gateway(sla_monitor_url=upstream.url)


async def run_job(folder: Path, secret: str, url: str) -> tuple[int, str, str]:
    """Exit code and both outputs; the secret comes from a file with the newline an editor leaves."""
    file = folder / "cron_secret"
    file.write_text(f"{secret}\n")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPSDASH_")}
    settings = {"OPSDASH_GATEWAY_URL": url, "OPSDASH_CRON_SECRET_FILE": str(file), "OPSDASH_OPERATIONS_PORT": "9000"}
    job = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsdash_gateway", "cron"),
        env=inherited | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await job.communicate()
    assert job.returncode is not None
    return job.returncode, output.decode(), errors.decode()


class TestCronJob:
    @pytest.mark.parametrize("secret", [CRON_SECRET, f"{CRON_SECRET},{NEW_SECRET}"])
    async def test_the_right_secret_prints_the_counts(self, monitored: Gateway, tmp_path: Path, secret: str):
        code, output, errors = await run_job(tmp_path, secret, monitored.url)
        assert (code, errors) == (0, "")
        assert json.loads(output) == COUNTS

    async def test_a_wrong_secret_is_one_line_without_the_secret(
        self, monitored: Gateway, upstream: FakeUpstream, tmp_path: Path
    ):
        code, output, errors = await run_job(tmp_path, WRONG_SECRET, monitored.url)
        assert (code, output) == (1, "")
        assert errors == "cron: the gateway answered 401: OPSDASH_CRON_SECRET is not the secret the gateway knows\n"
        assert not upstream.requests

    async def test_a_monitor_that_is_away_fails_the_job(self, start_gateway: StartGateway, tmp_path: Path):
        gateway = await start_gateway()
        code, _, errors = await run_job(tmp_path, CRON_SECRET, gateway.url)
        assert code == 1
        assert errors.startswith("cron: the gateway answered 503: the SLA monitor does not answer")

    async def test_no_gateway_is_one_line(self, tmp_path: Path):
        code, _, errors = await run_job(tmp_path, CRON_SECRET, f"http://127.0.0.1:{free_port()}")
        assert code == 3
        assert errors.count("\n") == 1
        assert "does not answer (ConnectionRefusedError)" in errors

    async def test_a_missing_secret_is_named(self, tmp_path: Path):
        code, _, errors = await run_job(tmp_path, "short", "http://127.0.0.1:1")
        assert code == 2
        assert errors == "configuration: OPSDASH_CRON_SECRET: is shorter than 32 bytes\n"
