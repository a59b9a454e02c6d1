"""Without a browser its tests are not run, and the end of the run says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.browser import chromium

BROWSER_TESTS = ROOT / "tests" / "browser"
_left_out: list[pytest.Item] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chromium.program(chromium.LIGHTEST_FIRST):
        return
    _left_out.extend(item for item in items if BROWSER_TESTS in item.path.parents)
    if _left_out:
        items[:] = [item for item in items if item not in _left_out]
        config.hook.pytest_deselected(items=_left_out)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Where workers run the tests, this process has not seen them."""
    everything = config.getoption("numprocesses", None) and not chromium.program(chromium.LIGHTEST_FIRST)
    if _left_out or everything:
        terminalreporter.write_line(
            f"The browser tests were not run: no Chromium was found; {chromium.HOW_TO_GET_IT}", yellow=True
        )
