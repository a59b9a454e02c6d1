"""Follow the topics that tell of events without joining a group, so that watching disturbs no consumer."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import time
from collections.abc import Coroutine
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from opsdash_contracts.envelope import InvalidMessage, decode
from opsdash_contracts.topics import REQUEST_COUNTS, WORKSPACE, catalogue

from opsdash_local.errors import LocalStackError
from opsdash_local.events.directory import Directory
from opsdash_local.events.screen import Screen, Wanted
from opsdash_local.ports import LOOPBACK
from opsdash_local.settings import Ports, kafka_servers

DAY_MS = 86_400_000
SLACK_MS = 1_000
STOP_SECONDS = 2.0


def tail(options: argparse.Namespace) -> None:
    """Runs until Ctrl-C, or until no broker answers any more (LocalStackError)."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # we say it in our own words
    servers = kafka_servers({"--bootstrap": options.bootstrap}, "--bootstrap") or default_servers()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_tail(servers, options))


def default_servers() -> str:
    return kafka_servers(os.environ) or f"{LOOPBACK}:{Ports.read(os.environ).kafka}"


async def _tail(servers: str, options: argparse.Namespace) -> None:
    begin_ms = time.time_ns() // 1_000_000
    partitions = await _partitions(servers)
    # Asking for metadata creates missing topics on some brokers, with any partition count: ask rarely.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        metadata_max_age_ms=DAY_MS,
    )
    await consumer.start()
    try:
        directory = await _read_directory(consumer, partitions)
        wanted = Wanted(directory.find_org(options.org) if options.org else None, options.type)
        await _move(consumer, partitions, to_beginning=options.from_beginning)
        screen = Screen(directory, wanted, as_json=options.json)
        since_ms = 0 if options.from_beginning else begin_ms - SLACK_MS
        await _until_broker_is_gone(servers, _show_all(consumer, screen, since_ms))
    finally:
        # Its own tasks may end as cancelled. There is nothing to commit, so Ctrl-C need not wait for a busy broker.
        with suppress(asyncio.CancelledError, KafkaError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await consumer.stop()


async def _move(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], *, to_beginning: bool) -> None:
    """Offsets first, then assign and seek without a pause: the client's own reset would win over a later seek."""
    offsets = await (consumer.beginning_offsets if to_beginning else consumer.end_offsets)(partitions)
    consumer.assign(partitions)
    for partition, offset in offsets.items():
        consumer.seek(partition, offset)


async def _show_all(consumer: AIOKafkaConsumer, screen: Screen, since_ms: int) -> None:
    """The time is looked at too: the embedded broker's end offset is the start of its last batch."""
    async for record in consumer:
        if record.timestamp >= since_ms:
            screen.show(record)


async def _partitions(servers: str) -> list[TopicPartition]:
    """Of the catalogue's topics that exist; only existing ones may be asked about."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        existing = sorted((catalogue().keys() - REQUEST_COUNTS) & set(await admin.list_topics()))
        described = await admin.describe_topics(existing) if existing else []
    except (KafkaError, OSError) as error:
        raise LocalStackError(f"no Kafka broker answers at {servers}; is the stack running? (make run)") from error
    finally:
        with suppress(KafkaError, OSError):
            await admin.close()
    if not existing:
        raise LocalStackError(f"the broker at {servers} has no topic of OpsDash yet; is the stack still starting?")
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]


async def _read_directory(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> Directory:
    """Read the compacted workspace topic once from its beginning, for the names behind the ids."""
    directory = Directory()
    workspace = [partition for partition in partitions if partition.topic == WORKSPACE]
    ends = await consumer.end_offsets(workspace)
    await _move(consumer, workspace, to_beginning=True)
    left = {partition for partition in workspace if ends[partition] > 0}
    while left:
        batch = await consumer.getmany(*left, timeout_ms=500)
        for record in (record for records in batch.values() for record in records):
            with suppress(InvalidMessage):
                directory.learn(decode(record.headers, record.key, record.value).data)
        left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
    return directory


async def _until_broker_is_gone(servers: str, work: Coroutine[None, None, None]) -> None:
    """A client that waits for an in-memory broker to come back would recreate its topics before their owner does."""
    working, gone = asyncio.create_task(work), asyncio.create_task(_broker_is_gone(servers))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LocalStackError(f"the Kafka broker at {servers} went away")
        working.result()
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _broker_is_gone(servers: str) -> None:
    """Return when a connection has ended and no server accepts another one."""
    while (connection := await _first_connection(servers)) is not None:
        reader, writer = connection  # a writer that nobody holds would close the connection
        with suppress(OSError):
            await reader.read(1)
        writer.close()


async def _first_connection(servers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        with suppress(OSError, ValueError):
            return await asyncio.open_connection(host, int(port))
    return None
