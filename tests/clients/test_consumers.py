"""The examples that consume ticket events, in four languages, on Apache Kafka with the events of a running stack."""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opsdash_local import processes

from tests.browser.people import MEMBER
from tests.clients import traffic
from tests.clients.conftest import Scene
from tests.clients.making import CONSUMERS, Command
from tests.support.eventually import eventually

#: A JVM that was asked to stop ends with the number of the signal, whatever its program did.
STOPPED = {0, 128 + signal.SIGTERM}
STOP_SECONDS = 60


def needing(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.needs(need) for need in CONSUMERS[name].needs]


@pytest.fixture(scope="module")
async def expected(scene: Scene) -> traffic.Expected:
    await traffic.make_events(scene)
    await eventually(lambda: published(scene))
    return await traffic.disturb(servers_of(scene))


def servers_of(scene: Scene) -> str:
    return scene.console.environments.settings.bootstrap_servers


async def published(scene: Scene) -> bool:
    """Whether the newest event of the newest ticket is on the topic."""
    (newest,) = (await scene.get("tickets?limit=1&sort=-number"))["items"]
    versions = [dict(record.headers)["ce_sequence"] for record in await traffic.records(servers_of(scene))
                if (record.key or b"").decode() == newest["id"]]  # fmt: skip
    return str(newest["version"]).encode() in versions


class Running:
    """An example in its folder, and what it wrote there."""

    def __init__(self, command: Command, folder: Path, servers: str) -> None:
        self._command = [str(part).format(servers=servers) for part in command]
        self._folder = folder

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self._folder / name
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    async def has_all(self, expected: traffic.Expected) -> bool:
        applied = {line["id"] for line in self.lines("applied.jsonl")}
        return applied >= expected.applied and len(self.lines("set-aside.jsonl")) >= len(expected.aside)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Runs it until the block is left, and then asks it to stop."""
        log = self._folder / "output.log"
        process = processes.spawn(self._command, log_file=log, cwd=self._folder)
        try:
            yield
            assert process.poll() is None, log.read_text()[-3000:]
            process.terminate()
            assert process.wait(STOP_SECONDS) in STOPPED, log.read_text()[-3000:]
        finally:
            processes.kill(process)


@pytest.mark.parametrize("name", [pytest.param(name, marks=needing(name)) for name in CONSUMERS])
async def test_an_example_takes_each_event_once(name: str, scene: Scene, expected: traffic.Expected, tmp_path: Path):
    example = Running(CONSUMERS[name].make(tmp_path), tmp_path, servers_of(scene))
    async with example.started():
        await eventually(lambda: example.has_all(expected), timeout=120)
    # Started again it goes on where it was: nothing is applied or set aside a second time.
    made = await scene.console.ticket(scene.org, f"After the stop of {name}", by=MEMBER)
    async with example.started():
        await eventually(lambda: newest_of(example, made["id"]), timeout=120)

    applied = example.lines("applied.jsonl")
    ids = [line["id"] for line in applied]
    assert len(ids) == len(set(ids))
    assert expected.applied <= set(ids)
    assert {line["place"]: line["code"] for line in example.lines("set-aside.jsonl")} == expected.aside
    assert len(example.lines("set-aside.jsonl")) == len(expected.aside)
    versions = defaultdict(list)
    for line in applied:
        if line["newest"]:
            versions[line["ticket"]].append(line["version"])
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert sum(not line["newest"] for line in applied) == 1  # the one that came late


async def newest_of(example: Running, ticket: str) -> bool:
    return any(line["ticket"] == ticket for line in example.lines("applied.jsonl"))
