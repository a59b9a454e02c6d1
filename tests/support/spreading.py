"""How `make test` spreads the suite over workers: what shares a stack stays together, the longest goes first.

Workers wait more than they compute, for time-outs and for the programs under test, so there is one more
than there are processors.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Each of these starts a stack once for a whole session, so one worker takes all of it; other files go one by one.
#: In the order of their start: what takes longest must not be what everybody waits for at the end.
TOGETHER = (
    "tests/browser/test_a",
    "tests/browser/",
    "tests/system/",
    "deploy/local/tests/test_stack.py",
    "tests/integration/test_start",
    "tests/integration/test_sla_",
    "services/gateway/tests/test_",
    "tests/performance/",
    "tests/integration/test_delivery",
    "tests/integration/test_consumption",
    "tests/integration/test_dead_letters",
    "tests/integration/test_tenancy",
    "tests/examples/",
    "tests/deploy/",
)


def part_of(node_id: str) -> str:
    """The name of what one worker runs in one go."""
    file = node_id.partition("::")[0]
    return next((part for part in TOGETHER if file.startswith(part)), file)


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
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers are told by its id which test to run, so it must be a test's own."""
    for item in items:
        _name_by_operation(item)
    doubled = [node_id for node_id, count in Counter(item.nodeid for item in items).items() if count > 1]
    if doubled:
        raise pytest.UsageError(f"tests with the same id, of which workers would run one: {doubled}")
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _name_by_operation(item: Any) -> None:
    """Schemathesis gives the tests of all operations names of their own, but one id."""
    if operation := getattr(item, "operation_label", None):
        item._id = replace(item._id, params=operation)


def _turn(item: pytest.Item) -> int:
    part = part_of(item.nodeid)
    return TOGETHER.index(part) if part in TOGETHER else len(TOGETHER)
