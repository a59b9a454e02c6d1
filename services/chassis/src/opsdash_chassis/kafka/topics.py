"""The topic job: creates what the catalogue lists, with fixed partition counts; services never create topics."""

from __future__ import annotations

import argparse
import asyncio
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from opsdash_contracts.topics import catalogue, dead_letter_topic

from opsdash_chassis.kafka.clients import client_options
from opsdash_chassis.kafka.limits import MAXIMUM_BYTES
from opsdash_chassis.settings import PREFIX, ConfigurationError, KafkaConnection, exit_with, load_settings

TOPIC_EXISTS = 36
EXIT_BROKER_REFUSES = 3
DEAD_LETTER_KEPT = {
    "cleanup.policy": "delete",
    "retention.ms": str(90 * 24 * 3_600_000),
    "max.message.bytes": str(MAXIMUM_BYTES),
}


def wanted_topics(partitions: int | None, replication: int) -> list[NewTopic]:
    """Every catalogue topic and the dead-letter topic of each service that consumes it."""
    wanted = []
    for topic in catalogue().values():
        letters = [dead_letter_topic(name, topic.name) for name in topic.consumers] if topic.dead_letters else []
        kept = {topic.name: topic.kafka_config} | dict.fromkeys(letters, DEAD_LETTER_KEPT)
        count = partitions or topic.partitions
        wanted += [_new_topic(name, count, replication, settings) for name, settings in kept.items()]
    return wanted


def _new_topic(name: str, partitions: int, replication: int, settings: dict[str, str]) -> NewTopic:
    if replication > 1:
        settings = settings | {"min.insync.replicas": str(replication - 1)}
    return NewTopic(name, partitions, replication, topic_configs=settings)


async def create_topics(
    bootstrap_servers: str | list[str], *, partitions: int | None = None, replication: int = 1, **options: object
) -> int:
    """Create what is missing and return how many were created; existing topics are left as they are.

    `options` are further options of the client, such as its credentials.
    Raises RuntimeError when the broker refuses one, KafkaError or OSError when no broker answers.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000, **options)
    await admin.start()
    try:
        answer = await admin.create_topics(wanted_topics(partitions, replication))
    finally:
        await admin.close()
    created = 0
    for name, code, *rest in answer.topic_errors:
        if code not in {0, TOPIC_EXISTS}:
            raise RuntimeError(f"{name}: {rest[0] if rest else code}")
        created += code == 0
    return created


def main() -> None:
    """Console script `opsdash-topics`; exit codes as those of the services."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, help="instead of each topic's own count")
    parser.add_argument("--replication", type=int, default=1)
    arguments = parser.parse_args()
    try:
        options = client_options(load_settings(KafkaConnection, unknown_refused=False))
        created = asyncio.run(
            create_topics(**options, partitions=arguments.partitions, replication=arguments.replication)
        )
    except ConfigurationError as error:
        exit_with(error)
    except (KafkaError, OSError, RuntimeError) as error:
        sys.stderr.write(f"topics: {error}; check {PREFIX}KAFKA_BOOTSTRAP_SERVERS\n")
        raise SystemExit(EXIT_BROKER_REFUSES) from error
    sys.stdout.write(f"{created} topics created\n")


if __name__ == "__main__":
    main()
