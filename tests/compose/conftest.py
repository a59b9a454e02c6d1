"""One stack for the whole tier, started by `make compose`; at the end, what stood in for images of the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from opsdash_local.ports import free_port

from tests.compose import bases
from tests.compose.stack import ComposeStack, removed, started

#: Keeps the stack for whoever wants to look into it.
KEEP = "KEEP_STACK"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/compose/" in item.path.as_posix():
            item.add_marker("compose")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    stack = started(tmp_path_factory.mktemp("stranger"), free_port(), bases.chosen())
    yield stack
    if not os.environ.get(KEEP):
        removed(stack)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in bases.said:
        terminalreporter.write_line(line, yellow=True)
