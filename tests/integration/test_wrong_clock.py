"""A service on a machine whose clock is 90 minutes behind says so and takes no requests; its data stay right."""

from __future__ import annotations

from pathlib import Path

import tests.support.wrong_clock
from tests.integration.checks import eventually, metric
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack

BEHIND = 90 * 60


async def test_it_is_not_ready_and_says_how_far_it_is_off(shared_stack: Stack, tmp_path: Path):
    (folder,) = tests.support.wrong_clock.__path__
    wrong = {"PYTHONPATH": folder, "WRONG_CLOCK_SECONDS": f"-{BEHIND}"}
    with ServiceProcess("tickets", shared_stack.tickets_environment | wrong, tmp_path, fresh=True) as service:

        async def said() -> bool:
            status, body = await service.readiness()
            return status == 503 and f"the clock of this machine is {BEHIND} s behind the database's" in body

        await eventually(said, service=service)
        assert abs(await metric(service, "opsdash_clock_difference_seconds") + BEHIND) < 60
        assert service.logs().count("clock_wrong") == 1
        assert service.status_of("/livez") == 200, "a restart does not mend a clock"
