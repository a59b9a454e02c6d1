"""The handlers of every service on the framework's in-memory broker and a real database: examples of the contracts."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import faststream.kafka.parser
import pytest
from faststream.kafka import TestKafkaBroker
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.observability import metrics

from tests.contracts.files import EXAMPLES, Example
from tests.support import services
from tests.support.databases import clone, drop
from tests.support.fixtures import TemplateOf
from tests.support.services import settings_in
from tests.support.stack import internal_environment

SETTINGS = {
    "oidc_issuer": "https://id.example.com",
    "oidc_audience": "opsdash",
    "oidc_jwks_url": "https://id.example.com/keys",
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "plaintext_network": "accepted",
}


class NoOffsets:
    """A consumer that takes offsets, which the framework's own stand-in does not."""

    async def commit(self, offsets: object) -> None:
        """There is no broker to keep them."""


class NoLetters:
    """Where letters would go; there are none in these tests."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def publish(self, _: object, *, reason: str, **more: object) -> None:
        self.reasons.append(reason)


@asynccontextmanager
async def in_memory(service: str, template_of: TemplateOf) -> AsyncIterator[Consumers]:
    database = await clone(service, await template_of(service))
    settings = settings_in(database.environment) | settings_in(internal_environment(service))
    runtime = services.runtime_of(service, **SETTINGS, **settings)
    await runtime.database.open()
    async with TestKafkaBroker(runtime.consumers.broker):
        yield runtime.consumers
    await runtime.database.close()
    await drop(database)


async def publish(consumers: Consumers, topic: str, example: Example) -> dict[str, float]:
    """The outcomes that it adds."""
    before = outcomes(topic)
    headers = {name: value.decode() for name, value in example.headers}
    await consumers.broker.publish(example.value, topic=topic, key=example.key, headers=headers)
    return {name: count for name, count in (outcomes(topic) - before).items() if count}


def outcomes(topic: str) -> Counter[str]:
    names = ("applied", "duplicate", "ignored", "unknown-type")
    return Counter({name: int(metrics.CONSUMED.labels(topic, name)._value.get()) for name in names})


def firsts(subscription: Subscription) -> list[Example]:
    """Examples of the types it handles that may come first of their aggregate."""
    return [
        example
        for example in EXAMPLES
        if example.event_type in subscription.handlers.by_type and example.body.get("version", 1) == 1
    ]


@pytest.mark.parametrize("service", services.WITH_DATABASE)
async def test_each_is_applied_once(service: str, template_of: TemplateOf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(faststream.kafka.parser, "FAKE_CONSUMER", NoOffsets())
    async with in_memory(service, template_of) as consumers:
        seen: list[Example] = []
        for topic, subscription in consumers.subscriptions.items():
            letters: Any = NoLetters()
            subscription.dead_letters = letters
            for example in firsts(subscription):
                assert await publish(consumers, topic, example) == {"applied": 1}, example.path
                assert await publish(consumers, topic, example) == {"duplicate": 1}, example.path
                seen.append(example)
            assert letters.reasons == []
        assert {example.event_type for example in seen}
