"""Kafka clients with safe settings, and the check of topics."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

from opsdash_chassis.kafka.compat import abandon
from opsdash_chassis.kafka.limits import MAXIMUM_EVENT_BYTES
from opsdash_chassis.settings import KafkaConnection, KafkaSettings

log = structlog.get_logger(__name__)

SEND_DEADLINE_SECONDS = 10.0
#: How long the broker keeps an empty fetch; the first message ends it. A partition with messages that still waited here
#: when the fetch left is not part of it, and is fetched that much later at most.
FETCH_WAIT_MS = 1000
STOP_SECONDS = 3.0
ASKED_SECONDS = 5.0
MAXIMUM_BATCH_BYTES = 262_144


def client_options(settings: KafkaConnection) -> dict[str, Any]:
    """Address and security of every client of ours; certificates are always verified."""
    # A list, for the messaging framework takes a string for one server, commas and all.
    servers = [server.strip() for server in settings.kafka_bootstrap_servers.split(",")]
    options: dict[str, Any] = {"bootstrap_servers": servers}
    if settings.kafka_security_protocol != "PLAINTEXT":
        options["security_protocol"] = settings.kafka_security_protocol
        options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_security_protocol == "SASL_SSL" and settings.kafka_sasl_password:
        options["sasl_mechanism"] = "SCRAM-SHA-512"
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return options


async def broker_error(consumer: AIOKafkaConsumer) -> KafkaError | OSError | None:
    """Why the broker does not answer this consumer; None when it does."""
    try:
        async with asyncio.timeout(ASKED_SECONDS):
            await consumer.end_offsets(list(consumer.assignment()))
    except TimeoutError:
        return TimeoutError(f"no answer within {ASKED_SECONDS:g} s")
    except (KafkaError, OSError) as error:
        return error
    return None


async def start_producer(settings: KafkaSettings, *, largest: int = MAXIMUM_EVENT_BYTES) -> AIOKafkaProducer:
    """A started producer that confirms only what all in-sync replicas hold.

    Raises KafkaError when no broker answers; the caller decides how long to try.
    """
    producer = AIOKafkaProducer(
        **client_options(settings),
        acks="all",
        enable_idempotence=settings.kafka_idempotent_producer,
        request_timeout_ms=int(SEND_DEADLINE_SECONDS * 1000),
        max_request_size=largest,
        # One batch a partition is on its way at a time: the default of 16 KiB would send ten events a round trip.
        max_batch_size=MAXIMUM_BATCH_BYTES,
        linger_ms=0,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop without waiting long for sends that a dead broker will never confirm."""
    try:
        await asyncio.wait_for(producer.stop(), timeout=STOP_SECONDS)
    except (TimeoutError, KafkaError) as error:
        log.warning("producer_stop_failed", reason=repr(error))
        await abandon(producer)


async def topic_partitions(settings: KafkaSettings) -> dict[str, int]:
    """Partition count by topic. Only existing topics are described: describing may create on some brokers."""
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=5000)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if "opsdash." in name]
        described = await admin.describe_topics(names) if names else []
        return {topic["topic"]: len(topic["partitions"]) for topic in described}
    finally:
        await admin.close()


class BrokerRefuses(Exception):
    """The broker answers and a person has to mend something; the message says what."""


#: Refusals that last until somebody changes the access rules.
REFUSALS = (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)


async def require_topics(settings: KafkaSettings, topics: Iterable[str]) -> None:
    """Check that every topic exists with the configured partition count.

    Raises BrokerRefuses with the way out, KafkaError or OSError while no broker answers.
    """
    try:
        partitions = await topic_partitions(settings)
    except REFUSALS as error:
        raise BrokerRefuses(f"the broker lets this service do nothing: {error!r}; check its access rules") from error
    except KafkaConnectionError:
        await _raise_if_not_let_in(settings)
        raise
    for topic in topics:
        if topic not in partitions:
            raise BrokerRefuses(
                f"topic {topic} does not exist, or may not be seen: run opsdash-topics, or check the access rules"
            )
        if partitions[topic] != settings.kafka_partitions:
            raise BrokerRefuses(
                f"topic {topic} has {partitions[topic]} partitions but OPSDASH_KAFKA_PARTITIONS expects"
                f" {settings.kafka_partitions}: the count of a live topic must never change"
            )


async def _raise_if_not_let_in(settings: KafkaSettings) -> None:
    """The client says only that it could not connect; a wrong password or certificate is for a person to mend."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return
    options = client_options(settings)
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            (await create_conn(host, port, request_timeout_ms=5000, **options)).close()
        except (*REFUSALS, ssl.SSLError) as error:
            raise BrokerRefuses(
                f"the broker does not let this service in: {error!r}; check OPSDASH_KAFKA_SASL_USERNAME,"
                " OPSDASH_KAFKA_SASL_PASSWORD and OPSDASH_KAFKA_CA_FILE"
            ) from error
        except (KafkaError, OSError, TimeoutError):
            continue
