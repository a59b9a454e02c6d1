"""Every container that stays has a limit of memory, and keeps below it while people work."""

from __future__ import annotations

import json
import time

from tests.compose.conftest import ComposeStack
from tests.compose.load import people_at_work

BUSY_SECONDS = 10
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "B": 1}


def test_limits_hold_under_work(stack: ComposeStack):
    with people_at_work(stack, persons=6):
        time.sleep(BUSY_SECONDS)
        lines = stack.shell("docker stats --no-stream --format json $(docker compose ps --quiet)").splitlines()
    used = {
        found["Name"]: [amount(text) for text in found["MemUsage"].split(" / ")] for found in map(json.loads, lines)
    }
    print(
        "\n".join(f"{name} {now / 2**20:.0f} of {most / 2**20:.0f} MiB" for name, (now, most) in sorted(used.items()))
    )
    assert len(used) == 6
    for container in stack.compose("ps --quiet").split():
        state = stack.inspect(container)
        assert state["HostConfig"]["Memory"] > 0
        assert not state["State"]["OOMKilled"]
    assert all(now < most for now, most in used.values())


def amount(text: str) -> float:
    """`293.4MiB` in bytes."""
    unit = next(unit for unit in UNITS if text.endswith(unit))
    return float(text.removesuffix(unit)) * UNITS[unit]
