"""The service on a real database and a broker: it counts the events of tickets, answers and publishes the count."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from opsdash_contracts.notifications import ACTIVITY_COUNTED
from opsdash_contracts.topics import NOTIFICATIONS, TICKETS

from tests.contracts.files import EXAMPLES, Example
from tests.support.brokers import Broker, Witness, broker_of_its_own, client_environment, member_environment
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import ServiceFactory, TemplateOf
from tests.support.http_servers import TestIssuer
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import Answer, Client, internal_environment

NAME = "notifications"
(CREATED, *_) = (example for example in EXAMPLES if example.event_type == "support_ticket.created")
ORG, TICKET = UUID(CREATED.body["org_id"]), UUID(CREATED.body["ticket_id"])


@dataclass
class Running:
    """The started service with its servers."""

    process: ServiceProcess
    database: ServiceDatabase
    broker: Broker

    async def send(self, *examples: Example) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for example in examples:
                await producer.send_and_wait(TICKETS, example.value, key=example.key, headers=example.headers)
        finally:
            await producer.stop()

    async def activity(self, org: UUID = ORG, ticket: UUID = TICKET) -> Answer:
        shown = internal_environment(NAME)["OPSDASH_TOKEN_FROM_GATEWAY"]
        client = Client(self.process.url, {"Authorization": f"Bearer {shown}"})
        return await client.call("GET", f"/internal/orgs/{org}/tickets/{ticket}/activity")


@pytest.fixture
async def running(
    template_of: TemplateOf, issuer: TestIssuer, start_service: ServiceFactory, tmp_path: Path
) -> AsyncIterator[Running]:
    database = await clone(NAME, await template_of(NAME))
    async with broker_of_its_own(tmp_path) as broker:
        environment = {
            "OPSDASH_PROFILE": "local",
            **client_environment(broker),
            **member_environment(broker),
            **issuer.environment,
            **internal_environment(NAME),
            **database.environment,
        }
        process = await start_service(NAME, environment).ready()
        yield Running(process, database, broker)
        process.sigkill()
    await drop(database)


async def counted(running: Running) -> dict[str, Any]:
    answer = await eventually(running.activity, lambda answer: answer.status == 200)
    return dict(answer.body)


async def test_a_ticket_event_is_counted_once_and_the_count_is_published(running: Running):
    assert running.process.status_of("/livez") == 200
    assert running.process.status_of("/readyz") == 200
    assert (await running.activity()).status == 404

    await running.send(CREATED, CREATED)
    activity = await counted(running)
    assert (activity["number"], activity["events"]) == (CREATED.body["number"], 1)
    assert (await running.activity(org=uuid4())).status == 404, "another org sees nothing of it"

    async with Witness(running.broker.bootstrap_servers, NOTIFICATIONS) as witness:
        await witness.wait_until(bool)
        (record,) = witness.records
    assert (record.header("ce_type"), record.header("ce_orgid")) == (ACTIVITY_COUNTED, str(ORG))
    assert json.loads(record.value or b"{}")["version"] == 1


async def test_who_shows_no_token_is_refused(running: Running):
    client = Client(running.process.url, {})
    answer = await client.call("GET", f"/internal/orgs/{ORG}/tickets/{TICKET}/activity")
    assert answer.status == 401
