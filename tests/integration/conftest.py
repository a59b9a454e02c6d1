"""A broker and a database for every test: groups and offsets of one test never meet another's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opsdash_chassis.topics import create_topics
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port

from tests.support.databases import ServiceDatabase
from tests.support.fixtures import ServiceFactory
from tests.support.issuer import TestIssuer
from tests.support.stack import PARTITIONS, Stack
from tests.support.workspace import seed


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[EmbeddedKafka]:
    server = EmbeddedKafka(free_port(), log_file=tmp_path / "kafka.log")
    server.start()
    await create_topics(server.bootstrap_servers, partitions=PARTITIONS)
    yield server
    server.stop()


@pytest.fixture
async def stack(
    tickets_database: ServiceDatabase, kafka: EmbeddedKafka, issuer: TestIssuer, start_service: ServiceFactory
) -> Stack:
    """Servers ready, directory seeded, no service started yet."""
    made = Stack(tickets_database, kafka, issuer, start_service)
    await seed(tickets_database.worker_url, made.workspace)
    return made
