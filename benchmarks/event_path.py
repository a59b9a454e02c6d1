"""The event path: commit to consumer, how fast the relay drains, how fast a replay is out.

`python -m benchmarks.event_path --kafka apache` starts PostgreSQL, a broker and one tickets service of its own in a
temporary folder. Its three figures do not depend on each other; figures of two machines do not compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from opsdash_chassis.topics import create_topics
from opsdash_contracts.topics import TICKETS
from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.broker import BrokerProcess
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.support.databases import make_template
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import PARTITIONS, Stack
from tests.support.workspace import seed

WRITES_PER_SECOND = 200
WRITE_SECONDS = 20.0
DRAINED_EVENTS = 100_000
REPLAYED_EVENTS = 200_000
GIVE_UP_SECONDS = 300.0

# Copies of a real event under new ids: the same sizes, and as many tickets as events.
_COPY = """
WITH made AS (
    INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, actor_id, occurred_at, topic,
                         headers, data)
    SELECT new.event_id, h.org_id, new.ticket_id, 1, h.event_type, h.actor_id, h.occurred_at, h.topic,
           replace(replace(h.headers::text, h.event_id::text, new.event_id::text),
                   h.aggregate_id::text, new.ticket_id::text)::json,
           replace(h.data::text, h.aggregate_id::text, new.ticket_id::text)::json
    FROM (SELECT * FROM history ORDER BY occurred_at LIMIT 1) h,
         LATERAL (SELECT gen_random_uuid() AS event_id, gen_random_uuid() AS ticket_id
                  FROM generate_series(1, $1) WHERE h.event_id IS NOT NULL) new
    RETURNING event_id, org_id, aggregate_id
)
INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT * FROM made WHERE $2
"""


@dataclass(frozen=True)
class EventPath:
    """Latencies in milliseconds from the commit, by the database's record of it, to a consumer's hands."""

    kafka: str
    latency_p50: float
    latency_p99: float
    drained_per_second: float | None
    replay_seconds: float | None


@dataclass
class Rig:
    """One tickets service on servers of its own."""

    stack: Stack
    postgres: EmbeddedPostgres

    async def execute(self, statement: str, *values: object) -> None:
        connection = await asyncpg.connect(self.stack.database.admin_url)
        try:
            await connection.execute(statement, *values, timeout=300)
        finally:
            await connection.close()


@asynccontextmanager
async def rig(kafka: str, folder: Path) -> AsyncIterator[Rig]:
    """Durable PostgreSQL that notes when transactions commit, a broker, the topics, an empty tickets database."""
    postgres = EmbeddedPostgres(folder / "postgres", free_port())
    postgres.start()
    broker = make_broker(kafka, folder)
    processes: list[ServiceProcess] = []

    def start(service: str, env: dict[str, str]) -> ServiceProcess:
        processes.append(ServiceProcess(service, env, folder, name=f"{service}-{len(processes)}").start())
        return processes[-1]

    try:
        broker.start()
        await create_topics(broker.bootstrap_servers, partitions=PARTITIONS)
        database = await make_template("tickets", postgres.admin_url)
        with TestIssuer() as issuer:
            made = Rig(Stack(database, broker, issuer, start), postgres)
            await made.execute("ALTER SYSTEM SET track_commit_timestamp = on")
            postgres.restart()
            await seed(database.worker_url, made.stack.workspace)
            yield made
    finally:
        for process in processes:
            process.sigkill()
        broker.kill()
        postgres.stop()


def make_broker(kafka: str, folder: Path) -> BrokerProcess:
    port, log_file = free_port(), folder / "kafka.log"
    if kafka == "apache":
        return ApacheKafka(Place(1, port, free_port()), folder / "kafka", log_file=log_file)
    return EmbeddedKafka(port, log_file=log_file)


async def commit_to_consumer(
    made: Rig, *, rate: float = WRITES_PER_SECOND, seconds: float = WRITE_SECONDS
) -> list[float]:
    """Milliseconds of every event while tickets are created at an even rate; the first second does not count."""
    service = await made.stack.tickets()
    arrived: dict[str, float] = {}
    reading = asyncio.create_task(read(made.stack.kafka.bootstrap_servers, arrived))
    await create_tickets(made, service, rate, seconds)
    await asyncio.sleep(2)
    reading.cancel()
    connection = await asyncpg.connect(made.stack.database.admin_url)
    rows = await connection.fetch(
        "SELECT event_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at"
        " FROM history ORDER BY at"
    )
    await connection.close()
    service.sigterm()
    if len(arrived) < len(rows):
        raise SystemExit(f"{len(rows)} events were stored and {len(arrived)} arrived")
    return [(arrived[row["event_id"]] - row["at"]) * 1000 for row in rows[int(rate) :]]


async def read(servers: str, arrived: dict[str, float]) -> None:
    """When each event id came first."""
    consumer = AIOKafkaConsumer(TICKETS, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async for record in consumer:
            now = time.time()
            arrived.setdefault(dict(record.headers)["ce_id"].decode(), now)
    finally:
        await consumer.stop()


async def create_tickets(made: Rig, service: ServiceProcess, rate: float, seconds: float) -> None:
    """An open loop: requests leave at their moments, whether or not those before are answered."""
    ours = made.stack.workspace.ours
    url, start, tasks = f"{service.url}/orgs/{ours.slug}/tickets", time.monotonic(), list[asyncio.Task[None]]()
    headers = made.stack.issuer.authorization(ours.admin)
    connector = aiohttp.TCPConnector(limit=32)

    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def create(number: int) -> None:
            async with session.post(url, json={"title": f"Ticket {number}"}) as answer:
                answer.raise_for_status()

        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            tasks.append(asyncio.create_task(create(number)))
        await asyncio.gather(*tasks)


async def drained_per_second(made: Rig, events: int = DRAINED_EVENTS) -> float:
    """Publish a long outbox; the clock starts with the first event on the topic."""
    await made.execute(_COPY, events, True)
    before = await published(made)
    service = await made.stack.tickets()
    await until(made, lambda count: count > before)
    began, first = time.monotonic(), await published(made)
    await until(made, lambda count: count >= before + events)
    taken = time.monotonic() - began
    service.sigterm()
    return (before + events - first) / taken


async def replay_seconds(made: Rig, events: int = REPLAYED_EVENTS) -> float:
    """From the start of the command to the last event on the topic."""
    await made.execute("TRUNCATE outbox")
    await made.execute("DELETE FROM history WHERE event_id NOT IN (SELECT event_id FROM history LIMIT 1)")
    await made.execute(_COPY, events - 1, False)
    await made.execute("ANALYZE")
    service = await made.stack.tickets()
    before, began = await published(made), time.monotonic()
    with ServiceProcess(
        "tickets", made.stack.tickets_environment, service.log_file.parent, name="replay", command="replay"
    ) as command:
        await asyncio.to_thread(command.wait_exit, 120)
    await until(made, lambda count: count >= before + events)
    taken = time.monotonic() - began
    service.sigterm()
    return taken


async def until(made: Rig, satisfied: Callable[[int], bool]) -> None:
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while not satisfied(await published(made)):  # noqa: ASYNC110 - the broker has no event for it
            await asyncio.sleep(0.1)


async def published(made: Rig) -> int:
    """Records on the topic, by its end offsets."""
    partitions = [TopicPartition(TICKETS, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=made.stack.kafka.bootstrap_servers)
    await consumer.start()
    try:
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()


async def measure(kafka: str) -> EventPath:
    """All three, each on a stack of its own making; call it while nothing else keeps the machine busy."""
    with tempfile.TemporaryDirectory(prefix="opsdash-bench-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - PostgreSQL may run as another user
        async with rig(kafka, Path(folder)) as made:
            latencies = sorted(await commit_to_consumer(made))
            # The end offsets of the embedded broker do not count all its records, so only latency is measured there.
            drained = round(await drained_per_second(made)) if kafka == "apache" else None
            seconds = round(await replay_seconds(made), 1) if kafka == "apache" else None
    cuts = statistics.quantiles(latencies, n=100)
    return EventPath(kafka, round(cuts[49], 1), round(cuts[98], 1), drained, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", choices=["embedded", "apache"], default="embedded")
    print(json.dumps(asdict(asyncio.run(measure(parser.parse_args().kafka)))))


if __name__ == "__main__":
    main()
