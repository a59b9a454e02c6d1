"""One person, and a stranger with a token, send what costs most at the rate they are allowed: others notice little.

The senders are programs of their own, and rest now and then: what others see is compared with what they see meanwhile,
so that whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from opsdash_local.environment import inherited

from tests.architecture.sources import ROOT
from tests.integration.stacks import open_stack
from tests.support.databases import ServiceDatabase
from tests.support.http_servers import TestIssuer
from tests.support.load import TOO_MANY, Answered, Order, Seen, Worker, probe, work_meanwhile
from tests.support.services import places
from tests.system.conftest import Served, all_served

pytestmark = [pytest.mark.storm, pytest.mark.alone, pytest.mark.timeout(600)]

ATTACK_SECONDS, REST_SECONDS = 8.0, 4.0
#: What was under way is answered by then.
SETTLED_SECONDS = 0.5
MOST_SECONDS = 300.0
TIMES = 5
#: A quiet machine answers in a few milliseconds, of which the scheduler's own turns are a large part.
LEAST_QUIET_SECONDS = 0.04
MOST_MEMORY = 200 * 1024 * 1024
#: What any address may answer besides what is published for it: see "Errors" in docs/reference/rest.md.
ANYWHERE = frozenset({400, 401, 404, 405, 408, 413, 414, 415, 429, 431})


@dataclass
class Outcome:
    """What became of everything."""

    quiet: Seen
    meanwhile: Seen
    answered: list[Answered]
    lives: dict[str, list[int | None]]
    memory: dict[str, int]


@pytest.fixture(scope="module")
async def served(
    tickets_template: ServiceDatabase,
    templates: dict[str, ServiceDatabase],
    issuer: TestIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Served]:
    async with (
        open_stack(tickets_template, issuer, tmp_path_factory) as stack,
        all_served(stack, templates, tmp_path_factory.mktemp("hostile")) as started,
    ):
        yield started


@pytest.fixture(scope="module")
async def outcome(served: Served) -> Outcome:
    """One run, looked at by every test."""
    workers = [await served.worker(role) for role in ("owner", "admin", "member")]
    senders = [await start_sender(served, user) for user in (served.stack.workspace.ours.owner, uuid4())]
    quiet, meanwhile, answered, lives = await attacked(served, workers, senders)
    memory = {name: peak_memory(service.pid) for name, service in served.services.items()}
    peaks = ", ".join(f"{name} {peak / 2**20:.0f} MiB" for name, peak in memory.items())
    print(f"p99 quiet {quiet.p99:.3f} s, meanwhile {meanwhile.p99:.3f} s, {len(answered)} hostile requests, {peaks}")
    return Outcome(quiet, meanwhile, answered, lives, memory)


async def start_sender(served: Served, user: UUID) -> asyncio.subprocess.Process:
    """It has made everything when this returns."""
    settings = served.settings
    order = Order(
        served.gateway.url, served.gateway.env, await served.attacker(user),
        settings.user_requests_per_second, settings.user_requests_at_once, MOST_SECONDS,
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.load", cwd=ROOT, env=inherited(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    assert await process.stdout.readline() == b"ready\n"
    return process


async def attacked(
    served: Served, workers: list[Worker], senders: list[asyncio.subprocess.Process]
) -> tuple[Seen, Seen, list[Answered], dict[str, list[int | None]]]:
    """What others see while the senders rest and while they send, what became of what they sent, who lived."""
    stop = asyncio.Event()
    work = asyncio.create_task(work_meanwhile(workers, stop))
    probes = [asyncio.create_task(probe(service, stop)) for service in served.services.values()]
    sending = asyncio.gather(*(sender.communicate(b"go\n") for sender in senders))
    try:
        rests = await let_rest(senders, sending)
        outputs = await sending
    finally:
        stop.set()
        signal_to(senders, signal.SIGKILL)
    lines = [line for output, _ in outputs for line in output.splitlines()]
    answered = [msgspec.json.decode(line, type=Answered) for line in lines]
    lives = dict(zip(served.services, await asyncio.gather(*probes), strict=True))
    return *(await work).split(rests), answered, lives


async def let_rest(
    senders: list[asyncio.subprocess.Process], sending: asyncio.Future[Any]
) -> list[tuple[float, float]]:
    """Now and then, until they are through; from when to when it was quiet."""
    rests = []
    while not sending.done():
        await asyncio.wait({sending}, timeout=ATTACK_SECONDS)
        signal_to(senders, signal.SIGSTOP)
        stopped = time.monotonic()
        await asyncio.sleep(REST_SECONDS)
        rests.append((stopped + SETTLED_SECONDS, time.monotonic()))
        signal_to(senders, signal.SIGCONT)
    return rests


def signal_to(senders: list[asyncio.subprocess.Process], number: signal.Signals) -> None:
    for sender in senders:
        if sender.returncode is None:
            sender.send_signal(number)


def peak_memory(pid: int) -> int:
    """Bytes; what the process had resident at most since it was started."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


class TestOthersAreServed:
    async def test_nobody_else_is_refused_anything(self, outcome: Outcome):
        assert not outcome.quiet.refused
        assert not outcome.meanwhile.refused
        assert len(outcome.meanwhile.answers) > 300

    async def test_they_wait_at_most_five_times_as_long(self, outcome: Outcome):
        quiet, meanwhile = outcome.quiet.p99, outcome.meanwhile.p99
        assert meanwhile <= TIMES * max(quiet, LEAST_QUIET_SECONDS), slowest(outcome)

    async def test_every_service_lives_throughout(self, outcome: Outcome, served: Served):
        assert outcome.lives.keys() == served.services.keys()
        assert {status for statuses in outcome.lives.values() for status in statuses} == {200}
        for service in served.services.values():
            assert service.exit_code is None
            assert "event_loop_stands" not in service.logs()

    async def test_every_place_answers_everything_as_is_published(self, outcome: Outcome, served: Served):
        by_name = {place.name: place for place in places(served.settings)}
        wrong = Counter()
        for one in outcome.answered:
            published = by_name[one.place].statuses
            if one.status >= 500 or one.status not in (published | ANYWHERE if published else range(200, 500)):
                wrong[one.place, one.shape, one.status] += 1
        assert not wrong
        assert {one.place for one in outcome.answered if one.status != TOO_MANY} == by_name.keys()

    async def test_no_service_needs_more_memory_than_its_manifest_leaves_it(self, outcome: Outcome):
        assert {name: peak for name, peak in outcome.memory.items() if peak > MOST_MEMORY} == {}


def slowest(outcome: Outcome) -> str:
    """What was being answered while others waited longest."""
    lines = [f"quiet p99 {outcome.quiet.p99:.3f} s, meanwhile {outcome.meanwhile.p99:.3f} s"]
    for began, seconds in sorted(outcome.meanwhile.answers, key=lambda answer: -answer[1])[:10]:
        lines.append(f"{seconds:.3f} s while")
        lines += [
            f"  {one.seconds:.3f} s, {one.status}: {one.place}, {one.shape}"
            for one in outcome.answered
            if one.began < began + seconds and began < one.began + one.seconds
        ]
    return "\n".join(lines)
