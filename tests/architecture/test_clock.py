"""Due times are compared by the database's clock only: a pod whose own clock is wrong tells nothing early or late."""

from __future__ import annotations

import pytest

from tests.architecture.sources import SERVICES_WITH_DATABASE, calls_of, modules

WALL_CLOCK = ("now", "utcnow", "today", "time", "time_ns", "gmtime", "localtime")


@pytest.mark.parametrize("package", SERVICES_WITH_DATABASE)
def test_no_service_reads_the_clock_of_its_machine(package: str):
    found = [
        f"{module.name}:{line} {name}()"
        for module in modules(package)
        for name in WALL_CLOCK
        for line in calls_of(module.tree, name)
    ]
    assert found == []
