"""No subscriber outside the factory, no topic outside the catalogue, no unsafe option."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from faststream import AckPolicy, ContextRepo
from faststream.kafka.subscriber.usecase import BatchSubscriber
from opsdash_chassis.consuming.middlewares import CHAIN
from opsdash_chassis.consuming.subscribers import MOST_AT_ONCE, Consumers
from opsdash_chassis.database.pools import Database
from opsdash_chassis.settings import ConfigurationError
from opsdash_contracts.topics import TICKETS, catalogue

from tests.architecture.kinds import texts
from tests.architecture.sources import CHASSIS, LIBRARIES, SERVICES, Module, calls_of, looked_at, modules, planted
from tests.support import services
from tests.support.services import settings_in
from tests.support.stack import internal_environment

#: What makes a subscriber of FastStream; consumers of another kind have tests of their own in test_followers.py.
MAKES_SUBSCRIBERS = ("subscriber", "KafkaBroker", "KafkaRouter")
TOPIC_NAME = re.compile(r"opsdash\.[a-z.]+\.v\d+")
SETTINGS = {
    "oidc_issuer": "https://id.example.com",
    "oidc_audience": "opsdash",
    "oidc_jwks_url": "https://id.example.com/keys",
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "database_url": "postgresql://app@127.0.0.1/x",
    "database_worker_url": "postgresql://worker@127.0.0.1/x",
    "plaintext_network": "accepted",
}


@pytest.fixture(params=services.WITH_DATABASE)
def consumers(request: pytest.FixtureRequest) -> Consumers:
    return services.runtime_of(request.param, **SETTINGS, **secrets_of(request.param)).consumers


def secrets_of(service: str) -> dict[str, Any]:
    return settings_in(internal_environment(service))


def makers(sources: Iterable[Module]) -> list[str]:
    return [module.name for module in sources if any(calls_of(module.tree, name) for name in MAKES_SUBSCRIBERS)]


@pytest.mark.parametrize("package", [package for package in (*LIBRARIES, *SERVICES) if package != CHASSIS])
def test_only_the_chassis_makes_subscribers(package: str):
    looked_at("modules", package, len(modules(package)))
    assert makers(modules(package)) == []


def test_one_module_makes_them_in_one_place():
    (factory,) = makers(modules(CHASSIS))
    (tree,) = (module.tree for module in modules(CHASSIS) if module.name == factory)
    assert len(calls_of(tree, "subscriber")) == 2  # broker.subscriber(...) and attaching the handler to it


@pytest.mark.parametrize(
    "text", ["broker.subscriber('t')", "import faststream.kafka as k\nk.KafkaBroker()", "KafkaRouter()"]
)
def test_a_second_maker_is_seen(text: str):
    assert makers([planted(text)])


class TestEverySubscriber:
    def test_commits_after_its_handler_and_reads_from_the_earliest_offset(self, consumers: Consumers):
        for subscriber in consumers.broker.subscribers:
            assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
            assert subscriber._connection_args["auto_offset_reset"] == "earliest"
            assert subscriber._connection_args["enable_auto_commit"] is False
            assert subscriber.group_id

    def test_keeps_its_partitions_for_the_session_and_has_time_to_finish_when_they_move(self, consumers: Consumers):
        settings = consumers._settings.model_copy(update={"kafka_session_timeout_seconds": 2})
        hasty = Consumers(settings, service=consumers._service, database=consumers._database)
        for topic in consumers.subscriptions:
            hasty.subscribe(topic, {})
        names = ("session_timeout_ms", "heartbeat_interval_ms", "rebalance_timeout_ms")

        def timing(of: Consumers) -> set[tuple[int, ...]]:
            return {tuple(one._connection_args[name] for name in names) for one in of.broker.subscribers}

        assert timing(consumers) == {(10_000, 3333, 10_000)}
        assert timing(hasty) == {(2000, 666, 10_000)}

    def test_reads_one_catalogued_topic_under_its_own_group(self, consumers: Consumers):
        for subscriber in consumers.broker.subscribers:
            (topic,) = subscriber.topic_names
            service = subscriber.group_id.removesuffix(f".{topic}")
            assert service in catalogue()[topic].consumers

    def test_passes_the_whole_chain_of_its_subscription(self, consumers: Consumers):
        for subscriber in consumers.broker.subscribers:
            (topic,) = subscriber.topic_names
            links: list[Any] = [make((), context=ContextRepo()) for make in subscriber._broker_middlewares]
            assert [type(link) for link in links] == list(CHAIN)
            assert {link.subscription for link in links} == {consumers.subscriptions[topic]}

    def test_takes_batches_of_a_bounded_size(self, consumers: Consumers):
        for subscriber in consumers.broker.subscribers:
            assert isinstance(subscriber, BatchSubscriber)
            assert subscriber.max_records == MOST_AT_ONCE

    def test_never_creates_topics(self, consumers: Consumers):
        assert consumers.broker.config.broker_config.allow_auto_create_topics is False


@pytest.mark.parametrize("package", [*LIBRARIES, *SERVICES])
def test_topic_names_come_from_the_contracts(package: str):
    found = [module.name for module in modules(package) if any(map(TOPIC_NAME.fullmatch, texts(module.tree)))]
    assert found == []


def test_an_inbox_that_forgets_before_the_topic_does_is_refused():
    tickets = services.settings_of("tickets")
    settings: Any = tickets(**SETTINGS, **secrets_of("tickets"), inbox_retention_hours=24)
    short = Consumers(settings, service="comments", database=Database(settings, name="test"))
    with pytest.raises(ConfigurationError, match="OPSDASH_INBOX_RETENTION_HOURS"):
        short.subscribe(TICKETS, {})


def test_a_consumer_that_the_catalogue_does_not_list_is_refused(consumers: Consumers):
    service = consumers._service
    unlisted = next(name for name, topic in catalogue().items() if service not in topic.consumers)
    with pytest.raises(ValueError, match=f"does not list {service}"):
        consumers.subscribe(unlisted, {})
