"""The marker `integration`: tests that start a server or a process, or take long. What is left are rules and use cases.

`pytest services -m "not integration"` runs those in half a minute.
"""

from __future__ import annotations

import pytest

#: Fixtures that listen on a port, start a process or prepare a database.
SERVERS = frozenset(
    {
        "start", "upstream", "comments", "provider", "start_gateway", "gateway", "helpdesk", "start_service",
        "postgres_server", "kafka_server",
    }
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("integration")
