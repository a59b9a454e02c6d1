"""Tests that need a program of the machine's own: left out where it is missing, and the end of the run says so.

`@pytest.mark.needs("chromium")` names an entry of NEEDS. Where workers run the tests, the process that starts them asks
what is missing, and they count what they left out.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s.render import renderer
from tests.browser import chromium
from tests.browser.engines.drivers import ENGINES, need_of
from tests.clients.tools import MISSING as CLIENT_TOOLS_MISSING
from tests.support import small_disk, spreadsheet


@dataclass(frozen=True)
class Need:
    """`missing` gives the reason and the way out as a sentence; empty when nothing is missing."""

    tests: str
    missing: Callable[[], str]


def _renderer_missing() -> str:
    return "" if renderer() else "neither kustomize nor kubectl was found; install one, or with Go: make tools"


def _compose_missing() -> str:
    return "" if Path(sys.executable).with_name("docker-compose").exists() else "its wheel exists for Linux only"


def _not_installed(package: str) -> Callable[[], str]:
    return lambda: "" if find_spec(package) else "it comes with what make lint installs"


NEEDS = {
    "chromium": Need("in a browser", chromium.missing),
    "kustomize": Need("that render the manifests again", _renderer_missing),
    **{need_of(name): Need(f"of the console in {name}", engine.missing) for name, engine in ENGINES.items()},
    **{name: Need(f"with a client that needs {name}", lacking) for name, lacking in CLIENT_TOOLS_MISSING.items()},
    "docker-compose": Need("of the compose stack", _compose_missing),
    "spreadsheet": Need("of exported lists in a spreadsheet", spreadsheet.missing),
    "deptry": Need("of declared dependencies", _not_installed("deptry")),
    "ruff": Need("of the style of what tutorials make", _not_installed("ruff")),
    "small-disk": Need("on a disk that is full", small_disk.missing),
}
_left_out: Counter[str] = Counter()
_TOLD, _COUNTED = "missing_programs", "left_out"


@cache
def missing(name: str) -> str:
    return NEEDS[name].missing()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(program): one of {', '.join(NEEDS)}; left out where it is missing")
    _left_out.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_TOLD] = {name: missing(name) for name in NEEDS}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    told: dict[str, str] | None = getattr(config, "workerinput", {}).get(_TOLD)
    kept: list[pytest.Item] = []
    out: list[pytest.Item] = []
    for item in items:
        names = [mark.args[0] for mark in item.iter_markers("needs")]
        lacking = [name for name in names if (missing(name) if told is None else told[name])]
        _left_out.update(lacking)
        (out if lacking else kept).append(item)
    if out:
        items[:] = kept
        config.hook.pytest_deselected(items=out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and _left_out:
        session.exitstatus = pytest.ExitCode.OK  # all there was is left out, and that is said
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_COUNTED] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects, and leaves out, the same."""
    _left_out.update({} if _left_out else getattr(node, "workeroutput", {}).get(_COUNTED, {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for name, count in _left_out.items():
        tests = f"{count} test{'s' if count > 1 else ''} {NEEDS[name].tests}"
        terminalreporter.write_line(f"Left out: {tests}: {missing(name)}", yellow=True)
