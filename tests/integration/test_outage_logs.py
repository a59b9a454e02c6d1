"""What an outage leaves in a service's log: few lines, that name what is away and whose log it is (G18)."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from opsdash_chassis.observability.repeated_lines import EVERY_SECONDS, LIBRARIES
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.integration.checks import eventually, outbox_empty
from tests.integration.conftest import NewStack
from tests.support.brokers import start_again
from tests.support.databases import make_template
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.workspace import seed

#: Of the seconds in the log.
ROUNDING = 0.05
LEFT_OUT = "more like it were left out"
_LINE = re.compile(r"(?P<at>\S+Z) \[(?P<level>\w+) *\] (?P<text>.*?) *\[(?P<logger>[\w.]+)\] (?P<rest>.*)")
_VALUES = re.compile(r"0x\w+|\d+|\(\w+ more like it were left out\)")


@dataclass(frozen=True)
class Line:
    """One event of the log."""

    at: datetime
    level: str
    text: str
    logger: str
    rest: str

    @property
    def kind(self) -> tuple[str, str, str]:
        """As the filter tells kinds apart, as far as a finished line shows it."""
        return self.logger, self.level, _VALUES.sub("#", self.text).strip()


def lines_of(service: ServiceProcess) -> list[Line]:
    """All but those of a traceback."""
    found = [_LINE.fullmatch(line) for line in service.logs().splitlines()]
    return [
        Line(datetime.fromisoformat(match["at"]), match["level"], match["text"], match["logger"], match["rest"])
        for match in found
        if match
    ]


@dataclass
class Outage:
    """When the test broke something, saw it told, mended it, and saw that told, by the clock that nobody sets."""

    broken: float
    told: float = 0.0
    mended: float = 0.0
    over: float = 0.0


def check(service: ServiceProcess, dependency: str, outage: Outage) -> None:
    """One line when it goes and one when it is back; of a library one of a kind in ten seconds; each with the name."""
    lines = lines_of(service)
    assert len(lines) == sum(1 for line in service.logs().splitlines() if re.match(r"\d{4}-\d\d-\d\dT", line))
    assert {line.text for line in lines if "service=tickets" not in line.rest} == set()
    changes = [line for line in lines if line.text in {"dependency_away", "dependency_back"}]
    assert [line.text for line in changes] == ["dependency_away", "dependency_back"]
    assert all(f"dependency={dependency}" in line.rest for line in changes)
    told = re.search(r"away_seconds=([\d.]+)", changes[1].rest)
    assert told
    assert outage.mended - outage.told - ROUNDING <= float(told[1]) <= outage.over - outage.broken + ROUNDING
    kinds: defaultdict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for line in lines:
        if line.logger.partition(".")[0] in LIBRARIES:
            kinds[line.kind].append(line.at)
    for kind, moments in kinds.items():
        gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(moments)]
        assert all(gap > EVERY_SECONDS - 0.5 for gap in gaps), kind


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A database server of this test's own."""
    server = EmbeddedPostgres(tmp_path / "postgres", free_port(), durable=False)
    await asyncio.to_thread(server.start)
    yield server
    server.kill()


async def write(stack: Stack, service: ServiceProcess) -> int:
    client = stack.client(service, stack.workspace.ours.admin)
    return (await client.call("POST", f"/orgs/{stack.workspace.ours.slug}/tickets", {"title": "A ticket"})).status


async def test_a_broker_that_is_away_is_a_line_and_one_of_each_kind_of_the_clients_own(stack: Stack):
    service = await stack.tickets()
    assert await write(stack, service) == 201
    await outbox_empty(stack)
    outage = Outage(broken=time.monotonic())
    stack.kafka.kill()
    assert await write(stack, service) == 201
    await service.wait_for_log("dependency_away")
    outage.told = time.monotonic()
    await service.wait_for_log(LEFT_OUT)
    outage.mended = time.monotonic()
    await start_again(stack.kafka, service)
    await outbox_empty(stack)
    await service.wait_for_log("dependency_back")
    outage.over = time.monotonic()
    assert await asyncio.to_thread(service.sigterm) == 0
    check(service, "kafka", outage)
    libraries = [line for line in lines_of(service) if line.logger.startswith("aiokafka")]
    assert any(re.search(rf"\((\d+) {LEFT_OUT}\)", line.text) for line in libraries)


async def test_a_database_that_is_away_is_a_line_however_many_miss_it(new_stack: NewStack, elsewhere: EmbeddedPostgres):
    async with new_stack() as stack:
        stack.database = await make_template("tickets", elsewhere.admin_url)
        await seed(stack.database.worker_url, stack.workspace)
        service = await stack.tickets()
        outage = Outage(broken=time.monotonic())
        await asyncio.to_thread(elsewhere.kill)
        assert {await write(stack, service) for _ in range(20)} == {503}
        await service.wait_for_log("dependency_away")
        outage.told = outage.mended = time.monotonic()
        await asyncio.to_thread(elsewhere.start)
        await service.wait_for_log("dependency_back")
        outage.over = time.monotonic()

        async def written() -> bool:
            return await write(stack, service) == 201

        await eventually(written, service=service)
        assert await asyncio.to_thread(service.sigterm) == 0
        check(service, "database", outage)
