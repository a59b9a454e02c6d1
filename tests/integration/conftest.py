"""Fixtures of the integration tests: brokers, databases and stacks, and a tickets service with its SLA monitor."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opsdash_contracts.tickets import SlaSource, TicketEvent
from opsdash_contracts.topics import SLA

from tests.integration.stacks import Api, Consumption, consuming, open_stack, running_api
from tests.support.brokers import Broker, Witness, broker_of_its_own
from tests.support.databases import ServiceDatabase
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.sla import Due, SlaRig, bodies, notified, sla_rig
from tests.support.stack import Stack
from tests.support.workspace import seed


class SlaRunning:
    """Started and ready."""

    def __init__(self, rig: SlaRig, tickets: ServiceProcess, monitor: ServiceProcess, witness: Witness) -> None:
        self.rig = rig
        self.monitor = monitor
        self.witness = witness
        self.client = rig.stack.client(tickets, rig.stack.workspace.ours.owner)

    async def notified(self, due: Due) -> set[str]:
        """The breach ids of these, once none of them is due soon any more and all that was found is published."""

        async def quiet() -> bool:
            known, soon = (
                await self.rig.query(
                    "SELECT count(*), count(*) FILTER (WHERE next_at < now() + interval '20 s')"
                    " FROM deadlines WHERE ticket_id = ANY($1::uuid[])",
                    list(due),
                )
            )[0]
            return bool(known == len(due) and soon + await self.rig.scalar("SELECT count(*) FROM outbox") == 0)

        await eventually(quiet, timeout=40)
        await self.witness.settle(quiet_seconds=0.5)
        return set(notified(self.witness)) & self.rig.breach_ids(due)


@asynccontextmanager
async def running_sla(stack: Stack, template: ServiceDatabase) -> AsyncIterator[SlaRunning]:
    async with sla_rig(stack, template) as rig:
        tickets = await rig.start_tickets()
        monitor = await rig.start_monitor(OPSDASH_SWEEP_SECONDS="1").ready()
        async with Witness(stack.kafka.bootstrap_servers, SLA) as witness:
            yield SlaRunning(rig, tickets, monitor, witness)


Notified = list[tuple[Any, ...]]
HOUR = timedelta(hours=1)


class Scene:
    """Somebody who acts on tickets, and what the ledger and the topic say about it."""

    path = "/orgs/ours/tickets"

    def __init__(self, running: SlaRunning) -> None:
        self.rig = running.rig
        self.client = running.client
        self.witness = running.witness
        self.monitor = running.monitor

    async def create(self, due: timedelta, **fields: Any) -> str:
        ticket = await self.client.create_ticket("ours", sla_due_at=(datetime.now(UTC) + due).isoformat(), **fields)
        return str(ticket["id"])

    async def patch(self, ticket: str, **fields: Any) -> None:
        answer = await self.client.call("PATCH", f"{self.path}/{ticket}", fields)
        assert answer.status == 200, answer.body

    async def due_in(self, ticket: str, due: timedelta) -> None:
        await self.patch(ticket, sla_due_at=(datetime.now(UTC) + due).isoformat())

    async def ledger(self, ticket: str | UUID, *wanted: tuple[Any, ...], org_id: UUID | None = None) -> Notified:
        """Wait for as many entries as wanted: (kind, rule), and for what somebody is told (kind, notified, reason)."""

        async def entries() -> list[dict[str, Any]]:
            return await self.rig.ledger(self.monitor, ticket, org_id)

        found = await eventually(entries, lambda entries: len(entries) >= len(wanted), timeout=45)
        notified = [
            (e["kind"], e["rule"]) if e["notified"] is None else (e["kind"], e["notified"], e["reason"]) for e in found
        ]
        assert notified == list(wanted), notified
        return found  # type: ignore[return-value]

    def published(self, event_type: str, ticket: str | UUID) -> list[dict[str, Any]]:
        return [body for body in bodies(self.witness, event_type) if body["ticket_id"] == str(ticket)]

    async def published_once(self, event_type: str, ticket: str | UUID) -> dict[str, Any]:
        """The ledger knows it before the topic does."""
        await self.witness.wait_until(lambda _: bool(self.published(event_type, ticket)))
        (body,) = self.published(event_type, ticket)
        return body


def event_of(row: Any, *, version: int, due_at: datetime) -> TicketEvent:
    """An event of a seeded ticket."""
    return TicketEvent(
        ticket_id=row["id"], org_id=row["org_id"], number=row["number"], title=row["title"], status=row["status"],
        priority=row["priority"], category=row["category"], assignee_id=None, contact_id=None, project_id=None,
        created_by=row["created_by"], sla_due_at=due_at, sla_source=SlaSource.MANUAL, first_response_at=None,
        resolved_at=None, closed_at=None, reopen_count=0, created_at=row["created_at"], updated_at=row["updated_at"],
        deleted_at=None, version=version, changes={},
    )  # fmt: skip


BREACH = ("breached", True, None)
SOON = timedelta(seconds=4)  # events of a busy machine come in time


#: The states a list can be filtered for, by the name of the filter.
FILTERED = {"overdue": "breached", "at_risk": "at_risk", "none": "none"}
FINISHED = frozenset({"resolved", "closed"})


def agreed_states(
    listed: Collection[Mapping[str, Any]],
    *,
    filtered: Mapping[str, Collection[str]],
    export: str,
    overdue: int,
) -> dict[str, str]:
    """`sla_state` by ticket id, as list, filters (ids by their name), CSV and insights all have it."""
    states = {str(ticket["id"]): str(ticket["sla_state"]) for ticket in listed}
    exported = {row["id"]: row["sla_state"] for row in csv.DictReader(StringIO(export.removeprefix("\ufeff")))}
    assert {ticket: exported.get(ticket) for ticket in states} == states
    for name, found in filtered.items():
        assert set(found) & states.keys() == {ticket for ticket, state in states.items() if state == FILTERED[name]}
    assert overdue == sum(state == "breached" for state in exported.values())
    return states


def outcomes(listed: Collection[Mapping[str, Any]]) -> dict[str, str | None]:
    """What events must say: the state of the finished, nothing about the others."""
    return {ticket["id"]: ticket["sla_state"] if ticket["status"] in FINISHED else None for ticket in listed}


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
