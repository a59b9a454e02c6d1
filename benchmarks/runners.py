"""The same scenarios with services started by one module and by another, on the same database, in turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from opsdash_local.services import COMMENTS, GATEWAY, TICKETS

from benchmarks.bench_stack import BenchStack
from benchmarks.measuring import Measured, measure
from benchmarks.options import Options
from benchmarks.requests import Scenario, scenarios
from benchmarks.seeding import SMALL, filled

SCENARIOS = ("list, 25 rows", "detail", "create")
#: The services that answer them.
SERVICES = (GATEWAY.name, TICKETS.name, COMMENTS.name)


def compare(runners: Mapping[str, str | None], options: Options) -> dict[tuple[str, str], list[Measured]]:
    """The rounds by scenario and name of the runner. A runner is a module; None: the service's own."""
    found: defaultdict[tuple[str, str], list[Measured]] = defaultdict(list)
    with filled(options.port, options.data / "small", SMALL) as stack:
        for _ in range(options.rounds):
            for name, stack.runner in runners.items():
                stack.start_services()
                for scenario in scenarios(asyncio.run(stack.token()), []):
                    if scenario.name in SCENARIOS:
                        found[scenario.name, name].append(_measured(stack, scenario, options))
                stack.stop_services()
    return found


def _measured(stack: BenchStack, scenario: Scenario, options: Options) -> Measured:
    return measure(
        stack.url, scenario.product, stack.processes, scenario.expected,
        seconds=options.seconds, settled=scenario.writes,
    )  # fmt: skip
