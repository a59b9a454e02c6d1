"""The chain before every handler, on the framework's in-memory broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import faststream.kafka.parser
import pytest
from faststream.kafka import TestKafkaBroker
from opsdash_chassis.consuming.handler import BatchHandler, ReceivedEvent
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.observability import metrics
from opsdash_chassis.settings import DatabaseSettings
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Company, Kind, removed, upserted

from services.chassis.tests.consuming.fakes import Consumer, FakeDatabase, FakeDeadLetters
from tests.contracts.files import EXAMPLES, Example

COMPANY = next(example for example in EXAMPLES if example.event_type == upserted(Kind.COMPANY))
REMOVED = next(example for example in EXAMPLES if example.event_type == removed(Kind.COMPANY))
PROJECT = next(example for example in EXAMPLES if example.event_type == upserted(Kind.PROJECT))


class Scene:
    """Consumers of the workspace topic, with what their handlers were given."""

    def __init__(self, consumers: Consumers, database: FakeDatabase, consumer: Consumer) -> None:
        self._consumers = consumers
        self.database = database
        self.consumer = consumer
        self.companies: list[Company] = []
        self.batches: list[Sequence[ReceivedEvent[Any]]] = []
        consumers.subscribe(WORKSPACE, {COMPANY.event_type: self.store, REMOVED.event_type: BatchHandler(self.remove)})
        self.letters: Any = FakeDeadLetters()
        self.subscription.dead_letters = self.letters

    @property
    def subscription(self) -> Subscription:
        return self._consumers.subscriptions[WORKSPACE]

    async def store(self, _: UnitOfWork, event: Event[Company]) -> None:
        if event.data.name == "fails":
            raise RuntimeError
        self.companies.append(event.data)

    async def remove(self, _: UnitOfWork, received: Sequence[ReceivedEvent[Any]]) -> None:
        self.batches.append(received)

    async def publish(self, example: Example, **changed: Any) -> None:
        headers = {name: value.decode() for name, value in example.headers} | changed.pop("headers", {})
        body = {**example.body, **changed}
        await self._consumers.broker.publish(
            Example(*example[:5], body=body).value, topic=WORKSPACE, key=example.key, headers=headers
        )

    async def committed(self) -> dict[int, int]:
        await self.subscription.offsets.flush()
        return self.consumer.committed


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    settings: Any = DatabaseSettings(
        oidc_issuer="https://id.example.com", oidc_audience="opsdash", oidc_jwks_url="https://id.example.com/keys",
        kafka_bootstrap_servers="127.0.0.1:1", database_url="postgresql://app@127.0.0.1/x",
        database_worker_url="postgresql://worker@127.0.0.1/x", plaintext_network="accepted",
    )  # fmt: skip
    consumer = Consumer()
    monkeypatch.setattr(faststream.kafka.parser, "FAKE_CONSUMER", consumer)  # it would take no offsets
    database: Any = FakeDatabase()
    consumers = Consumers(settings, service="tickets", database=database)
    scene = Scene(consumers, database, consumer)
    async with TestKafkaBroker(consumers.broker):
        yield scene


async def test_an_event_reaches_its_handler_in_one_transaction_with_its_inbox_row(scene: Scene):
    await scene.publish(COMPANY)
    assert [str(company.company_id) for company in scene.companies] == [COMPANY.body["company_id"]]
    assert (len(scene.database.remembered), scene.database.commits) == (1, 1)
    assert await scene.committed() == {0: 1}


async def test_a_repeat_is_a_duplicate(scene: Scene):
    before = counted("duplicate")
    for _ in range(3):
        await scene.publish(COMPANY)
    assert (len(scene.companies), counted("duplicate") - before) == (1, 2)


async def test_a_batch_handler_gets_what_came_together(scene: Scene):
    await scene.publish(REMOVED)
    ((received,),) = scene.batches
    assert str(received.event.data.id) == REMOVED.body["id"]


async def test_what_nobody_handles_is_passed_over(scene: Scene):
    before = counted("ignored"), counted("unknown-type")
    await scene.publish(PROJECT)
    new = {"ce_type": "workspace.planet.upserted", "ce_dataschema": "urn:opsdash:workspace.planet.upserted:v1"}
    await scene.publish(PROJECT, headers=new)
    assert (counted("ignored") - before[0], counted("unknown-type") - before[1]) == (1, 1)
    assert (scene.database.commits, scene.letters.reasons) == (0, [])
    assert await scene.committed() == {0: 1}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "fails"}, "handler-failed"),
        ({"version": "many"}, "schema"),
        ({"headers": {"ce_source": "/elsewhere"}}, "foreign-source"),
    ],
)
async def test_what_cannot_be_applied_is_set_aside_and_leaves_nothing(
    scene: Scene, changed: dict[str, Any], reason: str
):
    await scene.publish(COMPANY, **changed)
    assert (scene.letters.reasons, scene.companies, scene.database.remembered) == ([reason], [], {})
    assert await scene.committed() == {0: 1}


async def test_the_same_id_with_other_content_is_set_aside(scene: Scene):
    await scene.publish(COMPANY)
    await scene.publish(COMPANY, name="Another")
    assert (scene.letters.reasons, len(scene.companies)) == (["content-changed"], 1)


def counted(outcome: str) -> float:
    return metrics.CONSUMED.labels(WORKSPACE, outcome)._value.get()  # type: ignore[no-any-return] # has no types
