"""The cron route through the real processes: a monitor that is frozen is given up, and not waited for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.databases import ServiceDatabase
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import CRON_SECRET, Answer
from tests.system.conftest import Door, sla_monitor

GIVEN_UP_SECONDS = 5.0
#: For the gateway's own work on a busy machine.
MORE_SECONDS = 3.0


@pytest.fixture
async def monitor(door: Door, sla_template: ServiceDatabase, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    async with sla_monitor(door, sla_template, tmp_path) as process:
        yield process


async def sweep(door: Door) -> Answer:
    cron = door.anonymous(Authorization=f"Bearer {CRON_SECRET}")
    return await cron.call("POST", "/api/cron/sla-breach-notifications")


async def test_a_frozen_monitor_is_a_503_after_five_seconds_and_comes_back_alone(door: Door, monitor: ServiceProcess):
    assert (await sweep(door)).status == 200
    monitor.sigstop()
    try:
        started = time.monotonic()
        answer = await sweep(door)
        took = time.monotonic() - started
    finally:
        monitor.sigcont()
    assert (answer.status, answer.body["type"], answer.headers["Retry-After"]) == (503, "/problems/unavailable", "5")
    assert took < GIVEN_UP_SECONDS + MORE_SECONDS
    assert (await eventually(lambda: sweep(door), lambda answer: answer.status == 200)).body["took_ms"] >= 0
