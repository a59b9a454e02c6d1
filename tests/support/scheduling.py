"""How `make test` spreads the suite over workers: what shares a stack stays together, the longest goes first.

Workers wait more than they compute, for time-outs and for the programs under test, so there are two for a processor.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from xdist.scheduler import LoadScopeScheduling

MOST_WORKERS = 4  # each starts stacks of its own, and there are not more long parts than that
#: Each of these shares a stack that is started once for a session, so one worker takes all of it; two take the browser,
#: of which the first named below are half the work. The first that fits counts.
TOGETHER = {
    "tests/browser/test_a": "browser 1",
    "tests/browser/test_c": "browser 1",
    "tests/browser/test_d": "browser 1",
    "tests/browser/": "browser 2",
    "tests/system/": "system",
    "tests/integration/test_sla_": "sla",
}
#: What takes longest must not be what everybody waits for at the end.
FIRST = (
    "tests/browser/",
    "tests/system/",
    "deploy/local/tests/test_stack.py",
    "tests/integration/test_sla_",
    "tests/integration/test_start_refusals.py",
    "tests/integration/test_delivery.py",
    "tests/examples/",
    "services/gateway/tests/rest/test_proxy.py",
    "tests/integration/",
    "services/gateway/",
    "deploy/local/",
    "services/http/tests/server/test_server.py",
)


def part_of(node_id: str) -> str:
    """The name of what one worker runs in one go: a file, or all that shares a stack."""
    file = node_id.partition("::")[0]
    return next((part for start, part in TOGETHER.items() if file.startswith(start)), file)


def turn_of(node_id: str) -> int:
    return next((turn for turn, start in enumerate(FIRST) if node_id.startswith(start)), len(FIRST))


class Spreading(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a worker the next part when it is nearly through with its last one."""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading:
    config.option.loadscopereorder = False  # by the number of tests, which says little here
    return Spreading(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return min(2 * (os.cpu_count() or 1), MOST_WORKERS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers are told by its id which test to run, so it must be a test's own."""
    doubled = [node_id for node_id, count in Counter(item.nodeid for item in items).items() if count > 1]
    if doubled:
        raise pytest.UsageError(f"tests with the same id, of which workers would run one: {doubled}")
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: turn_of(item.nodeid))
