"""`make bench`: product, baseline and database side by side on one machine; writes RESULTS.md and results.json."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import asyncpg
from opsdash_local.services import COMMENTS, TICKETS

from benchmarks.bare import Bare
from benchmarks.bench_stack import BenchStack
from benchmarks.measuring import Measured, measure
from benchmarks.processor import resident_mib
from benchmarks.report import Compared, Results
from benchmarks.requests import Scenario, growth_reads, scenarios
from benchmarks.seeding import is_seeded, seed_comments, seed_tickets
from benchmarks.straight import measure_straight, scripts
from benchmarks.workspace import LARGE, orgs

SMALL = 200_000
CONNECTIONS = 16
OPEN_SHARE = 0.5  # of what the closed loop reached
_SOME_TICKETS = "SELECT id::text FROM tickets WHERE org_id = $1 ORDER BY number LIMIT 997"


def main() -> None:
    options = _options()
    results = Results(load_average=os.getloadavg()[0])
    with seeded(options.port, options.data / "small", SMALL) as stack:
        stack.start_services()
        results.start_seconds = stack.start_seconds
        token = asyncio.run(stack.token())
        found = scenarios(token, asyncio.run(_ticket_ids(stack)))
        with Bare(stack) as bare:
            for scenario in found:
                results.compared.append(_compare(stack, bare, scenario, options.rounds, options.seconds))
        for entry, scenario in zip(results.compared, found, strict=True):
            rate = entry.product.per_second * OPEN_SHARE
            results.open_loop[f"{entry.name} at {rate:.0f}/s"] = measure(
                stack.url, scenario.product, stack.processes, seconds=options.seconds, rate=rate, connections=64
            )
        results.resident_mib = resident_mib(stack.processes())
        if options.grown:
            results.growth = _growth(stack, token, options)
    results.write()
    print("\n".join(results.lines()))


def seeded(port: int, data: Path, tickets: int) -> BenchStack:
    """The servers with that many tickets; filled once, kept for the next run."""
    stack = BenchStack(port, data)
    with stack:
        if not asyncio.run(is_seeded(stack.database_url(COMMENTS))):
            print(f"filling {data} with {tickets:,} tickets, once")
            asyncio.run(seed_tickets(stack.database_url(TICKETS), orgs(tickets)))
            asyncio.run(seed_comments(stack.database_url(COMMENTS), orgs(tickets)))
    return BenchStack(port, data)


async def _ticket_ids(stack: BenchStack) -> list[str]:
    connection = await asyncpg.connect(stack.database_url(TICKETS))
    try:
        return [row["id"] for row in await connection.fetch(_SOME_TICKETS, LARGE.id)]
    finally:
        await connection.close()


def _compare(stack: BenchStack, bare: Bare, scenario: Scenario, rounds: int, seconds: float) -> Compared:
    """Round by round in turn, so that whatever else the machine does meets both alike."""
    product: list[Measured] = []
    baseline: list[Measured] = []
    for _ in range(rounds):
        product.append(measure(stack.url, scenario.product, stack.processes, seconds=seconds))
        baseline.append(measure(bare.url, scenario.baseline, bare.processes, seconds=seconds))
    script = scripts().get(scenario.name)
    straight = measure_straight(stack, script, connections=CONNECTIONS, seconds=int(seconds)) if script else None
    return Compared(scenario.name, _median(product), _median(baseline), scenario.least, straight)


def _median(rounds: Sequence[Measured]) -> Measured:
    return sorted(rounds, key=lambda measured: measured.per_second)[len(rounds) // 2]


def _growth(small: BenchStack, token: str, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """One request after the other, in turn against a stack of the small and one of the grown database."""
    with ExitStack() as open_stacks:
        grown = open_stacks.enter_context(seeded(options.port + 20, options.data / "grown", options.grown))
        grown.start_services()
        grown_token = asyncio.run(grown.token())
        return {
            name: _p50s(
                lambda name=name: measure(
                    small.url, growth_reads(token)[name], small.processes, seconds=options.seconds, connections=1
                ),
                lambda name=name: measure(
                    grown.url, growth_reads(grown_token)[name], grown.processes, seconds=options.seconds, connections=1
                ),
                options.rounds,
            )
            for name in growth_reads(token)
        }


def _p50s(small: Callable[[], Measured], grown: Callable[[], Measured], rounds: int) -> tuple[float, float]:
    pairs = [(small().latency.p50, grown().latency.p50) for _ in range(rounds)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--port", type=int, default=9600)
    parser.add_argument("--data", type=Path, default=Path(".data-bench"), help="seeded databases, kept between runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--grown", type=int, default=0, help="also compare with a database of that many tickets")
    return parser.parse_args()


if __name__ == "__main__":
    main()
