"""The event path: commit to consumer, how fast the relay drains a long outbox, how soon a replay is out."""

from __future__ import annotations

import asyncio
import time

from opsdash_contracts.topics import TICKETS as TOPIC
from opsdash_local.services import COMMENTS, GATEWAY, SLA_MONITOR, TICKETS, ServiceSpec
from opsdash_local.settings import APACHE

from benchmarks.arrivals import Arrivals
from benchmarks.bench_stack import BenchStack
from benchmarks.counters import CONSUMED, PUBLISHED, counted_until
from benchmarks.figures import Latency
from benchmarks.findings import Findings, Table, Target
from benchmarks.measuring import measure
from benchmarks.options import Options
from benchmarks.requests import creates
from benchmarks.seeding import fresh

WRITES_PER_SECOND = 200
WRITE_SECONDS = 20.0
LATE_SECONDS = 2.0
DRAINED_EVENTS = 100_000
REPLAYED_EVENTS = 200_000
CONSUMERS = (COMMENTS, SLA_MONITOR)
WARM_UP_EVENTS = 100
HANDLING_SECONDS = 10.0
DRAIN_LEAST = 10_000
REPLAY_MOST_SECONDS = 60
P50_MOST_MS, P99_MOST_MS = 20, 100

_COMMITS = """
SELECT event_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at FROM history ORDER BY at
"""
# Copies of a real event under new ids and numbers: the same sizes, and as many tickets as events. Two tickets of one
# number would be refused by whoever keeps them, and setting aside be measured for handling.
_COPY = """
WITH made AS (
    INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, actor_id, occurred_at, topic,
                         headers, data)
    SELECT new.event_id, h.org_id, new.ticket_id, 1, h.event_type, h.actor_id, h.occurred_at, h.topic,
           replace(replace(h.headers::text, h.event_id::text, new.event_id::text),
                   h.aggregate_id::text, new.ticket_id::text)::json,
           replace(replace(h.data::text, h.aggregate_id::text, new.ticket_id::text),
                   '"number":' || (h.data->>'number') || ',', '"number":' || new.number || ',')::json
    FROM (SELECT * FROM history ORDER BY occurred_at LIMIT 1) h,
         LATERAL (SELECT gen_random_uuid() AS event_id, gen_random_uuid() AS ticket_id, 1000000 + n AS number
                  FROM generate_series(1, $1) n WHERE h.event_id IS NOT NULL) new
    RETURNING event_id, org_id, aggregate_id
)
INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT * FROM made WHERE $2
"""
_ONE_EVENT_LEFT = "DELETE FROM history WHERE event_id NOT IN (SELECT event_id FROM history LIMIT 1)"


def run(options: Options) -> Findings:
    with fresh(options.port, options.data / "events", options.kafka) as stack:
        asyncio.run(note_commits(stack))
        latency, written = asyncio.run(_commit_to_consumer(stack))
        drained = asyncio.run(_drained_per_second(stack))
        handled = {service.name: asyncio.run(_handled_per_second(stack, service)) for service in CONSUMERS}
        replayed = asyncio.run(_replay_seconds(stack))
    tables = [_latencies(latency, written), _rates(drained, replayed), _consumers(handled)]
    targets = [
        Target.at_most(
            f"commit → consumer p50 at {WRITES_PER_SECOND} writes/s", P50_MOST_MS, round(latency.p50, 1), " ms"
        ),
        Target.at_most(
            f"commit → consumer p99 at {WRITES_PER_SECOND} writes/s", P99_MOST_MS, round(latency.p99, 1), " ms"
        ),
        Target.at_least("relay draining", DRAIN_LEAST, round(drained), " events/s"),
        Target.at_most(f"replay of {REPLAYED_EVENTS:,} events", REPLAY_MOST_SECONDS, round(replayed, 1), " s"),
    ]
    # Promised on Apache Kafka only: the embedded broker is for development.
    return Findings(tables, targets if options.kafka == APACHE else [])


def _latencies(latency: Latency, written: int) -> Table:
    note = (
        f"{WRITES_PER_SECOND} tickets a second created through the gateway for {WRITE_SECONDS:g} s, gateway and tickets"
        " running; from PostgreSQL's own time of each commit to the hands of a consumer outside."
    )
    columns = ("events", "p50 ms", "p95 ms", "p99 ms", "worst ms")
    return Table("Commit → consumer", columns, [(written, *latency.with_worst())], note)


def _rates(drained: float, replayed: float) -> Table:
    rows = [
        ("drain of a long outbox", DRAINED_EVENTS, round(DRAINED_EVENTS / drained, 1), round(drained)),
        ("replay, from the start of the command", REPLAYED_EVENTS, round(replayed, 1),
         round(REPLAYED_EVENTS / replayed)),
    ]  # fmt: skip
    columns = ("what", "events", "seconds", "events/s")
    return Table("Relay", columns, rows, "Confirmed by the broker, by the relay's own counter.")


def _consumers(handled: dict[str, float]) -> Table:
    note = f"One process, while more than {DRAINED_EVENTS:,} ticket events wait for it."
    return Table("Consumers", ("service", "events/s"), [(name, round(rate)) for name, rate in handled.items()], note)


async def note_commits(stack: BenchStack) -> None:
    await stack.execute(TICKETS, "ALTER SYSTEM SET track_commit_timestamp = on")
    stack.postgres.restart()


async def _commit_to_consumer(stack: BenchStack) -> tuple[Latency, int]:
    """Of every event while tickets are created at an even rate; the first second does not count."""
    stack.start_services(TICKETS, GATEWAY)
    scenario = creates(await stack.token())
    async with Arrivals(stack.settings.bootstrap_servers, TOPIC) as arrivals:
        await asyncio.to_thread(
            measure, stack.url, scenario.product, stack.processes, scenario.expected,
            seconds=WRITE_SECONDS, rate=WRITES_PER_SECOND, connections=64,
        )  # fmt: skip
        await asyncio.sleep(LATE_SECONDS)
        arrived = arrivals.first_at
    commits = await stack.fetch(TICKETS, _COMMITS)
    stack.stop_services()
    if missing := sum(row["event_id"] not in arrived for row in commits):
        raise SystemExit(f"{missing} of {len(commits)} stored events did not arrive")
    measured = commits[WRITES_PER_SECOND:]
    return Latency.of([arrived[row["event_id"]] - row["at"] for row in measured]), len(measured)


async def _drained_per_second(stack: BenchStack) -> float:
    """The clock starts with the first events that are confirmed."""
    await stack.execute(TICKETS, _COPY, DRAINED_EVENTS, True)
    stack.start_services(TICKETS)
    url = stack.metrics_url(TICKETS)
    first, began = await counted_until(url, PUBLISHED, 1), time.monotonic()
    last = await counted_until(url, PUBLISHED, DRAINED_EVENTS)
    taken = time.monotonic() - began
    stack.stop_services()
    return (last - first) / taken


async def _handled_per_second(stack: BenchStack, service: ServiceSpec) -> float:
    """Of the topic's backlog, over some seconds, once it is at work."""
    stack.start_services(service)
    url = stack.metrics_url(service)
    first, began = await counted_until(url, CONSUMED, WARM_UP_EVENTS), time.monotonic()
    await asyncio.sleep(HANDLING_SECONDS)
    last, taken = await counted_until(url, CONSUMED, first), time.monotonic() - began
    stack.stop_services()
    return (last - first) / taken


async def _replay_seconds(stack: BenchStack) -> float:
    """From the start of the command to the last event confirmed."""
    await stack.execute(TICKETS, "TRUNCATE outbox")
    await stack.execute(TICKETS, _ONE_EVENT_LEFT)
    await stack.execute(TICKETS, _COPY, REPLAYED_EVENTS - 1, False)
    await stack.execute(TICKETS, "ANALYZE")
    stack.start_services(TICKETS)
    began = time.monotonic()
    await asyncio.to_thread(stack.job, TICKETS, "replay")
    await counted_until(stack.metrics_url(TICKETS), PUBLISHED, REPLAYED_EVENTS)
    taken = time.monotonic() - began
    stack.stop_services()
    return taken
