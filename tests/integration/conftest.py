"""A broker and a database of their own for every test or module: groups and offsets never meet another's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.integration.api_fixture import Api, running_api
from tests.integration.consuming import Consumption, consuming
from tests.integration.sla_running import SlaRunning, running_sla
from tests.integration.stacks import open_stack
from tests.support.brokers import Broker, broker_of_its_own
from tests.support.databases import ServiceDatabase
from tests.support.fixtures import ServiceFactory
from tests.support.issuer import TestIssuer
from tests.support.stack import Stack
from tests.support.workspace import seed

NewStack = Callable[..., AbstractAsyncContextManager[Stack]]


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
async def api(
    tickets_template: ServiceDatabase, issuer: TestIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """A running tickets service shared by the tests of one module."""
    async with running_api(tickets_template, issuer, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
async def stack(
    tickets_database: ServiceDatabase, kafka: Broker, issuer: TestIssuer, start_service: ServiceFactory
) -> Stack:
    """Servers ready, directory seeded, no service started yet."""
    made = Stack(tickets_database, kafka, issuer, start_service)
    await seed(tickets_database.worker_url, made.workspace)
    return made


@pytest.fixture(scope="session")
def new_stack(
    tickets_template: ServiceDatabase, issuer: TestIssuer, tmp_path_factory: pytest.TempPathFactory
) -> NewStack:
    """`async with new_stack() as stack`: like `stack`, for as long as the block lasts."""
    return partial(open_stack, tickets_template, issuer, tmp_path_factory)


@pytest.fixture(scope="module")
async def shared_stack(new_stack: NewStack) -> AsyncIterator[Stack]:
    """One stack for the tests of a module that keep to tickets or entities of their own."""
    async with new_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
async def consumption(shared_stack: Stack) -> AsyncIterator[Consumption]:
    """A running consumer of the workspace feed for the tests of a module that keep to entities of their own."""
    async with consuming(shared_stack) as started:
        yield started


@pytest.fixture(scope="session")
async def sla_running(new_stack: NewStack, sla_template: ServiceDatabase) -> AsyncIterator[SlaRunning]:
    """A monitor beside a tickets service, for all tests that keep to tickets of their own."""
    async with new_stack() as stack, running_sla(stack, sla_template) as running:
        yield running
