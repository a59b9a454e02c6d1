"""An event loop that stands still is seen, told and ended; one that was frozen with its process is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opsdash_chassis.observability.watchdog import EXIT_STOOD_STILL, Standstill
from opsdash_local.ports import free_port

from tests.support.measurements import eventually

pytestmark = pytest.mark.integration

PROGRAM = textwrap.dedent(
    """
    import time
    from litestar import get
    from opsdash_http.app import create_app
    from opsdash_http.security.authentication import PUBLIC
    from opsdash_chassis.observability.logs import configure_logs
    from opsdash_http.server.server import serve
    from opsdash_chassis.settings import ServiceSettings

    def wait_for_something():
        time.sleep(SECONDS)  # other threads run meanwhile

    def compute_without_end():
        sum(range(10**12))  # one call that lets no other thread run

    @get("/{how:str}", opt={"authentication": PUBLIC})
    async def blocks(how: str) -> str:
        globals()[how]()
        return how

    configure_logs(profile="local", level="INFO", service="test")
    settings = ServiceSettings(profile="local", oidc_issuer="i", oidc_audience="a", oidc_jwks_url="http://x",
        http_port=PORT,
        stall_log_seconds=LOG, stall_exit_seconds=EXIT)
    serve(lambda: create_app(settings, route_handlers=[blocks]), settings)
    """
)


class Child:
    """A service with one route that blocks its event loop."""

    def __init__(self, folder: Path, *, blocks: float, log: float, end: float) -> None:
        self.port = free_port()
        program = PROGRAM.replace("SECONDS", str(blocks)).replace("PORT", str(self.port))
        program = program.replace("LOG", str(log)).replace("EXIT", str(end))
        self._file = folder / "log"
        with self._file.open("wb") as file:
            self.process = subprocess.Popen([sys.executable, "-c", program], stderr=file)

    @property
    def log(self) -> str:
        return self._file.read_text(encoding="utf-8")

    async def told(self, event: str) -> list[str]:
        """The stacks that were written with the event."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line.get("stack", "") for line in lines if line["event"] == event]

    async def call(self, path: str) -> bytes | None:
        return await asyncio.to_thread(self._call, path)

    def _call(self, path: str) -> bytes | None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=60) as answer,
        ):
            return bytes(answer.read())
        return None

    async def ready(self) -> Child:
        await eventually(lambda: self.call("livez"), lambda answer: answer is not None, timeout=60)
        return self

    async def metric(self) -> float:
        answer = (await self.call("metrics") or b"").decode()
        (line,) = [line for line in answer.splitlines() if line.startswith("opsdash_event_loop_stalls_total")]
        return float(line.split()[1])

    async def exit_code(self) -> int:
        return await asyncio.to_thread(self.process.wait, 60)


Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def begin(**seconds: float) -> Child:
            child = Child(tmp_path, **seconds)
            stack.callback(child.process.wait)
            stack.callback(child.process.kill)
            return child

        yield begin


class TestProcess:
    async def test_a_handler_that_blocks_is_told_with_its_name_and_counted(self, start: Start) -> None:
        child = await start(blocks=3, log=1, end=60).ready()
        assert await child.metric() == 0
        assert await child.call("wait_for_something") == b"wait_for_something"
        await eventually(lambda: child.told("event_loop_goes_on"))
        (stack,) = await child.told("event_loop_stands")
        assert "in blocks\n" in stack
        assert "in wait_for_something\n" in stack
        assert await child.metric() == 1

    async def test_one_that_blocks_for_longer_ends_the_process(self, start: Start) -> None:
        child = await start(blocks=3600, log=1, end=3).ready()
        assert await child.call("wait_for_something") is None
        assert await child.exit_code() == EXIT_STOOD_STILL
        (stack,) = await child.told("event_loop_stood_too_long")
        assert "in wait_for_something\n" in stack

    async def test_so_does_a_call_that_lets_no_thread_run(self, start: Start) -> None:
        child = await start(blocks=0, log=1, end=3).ready()
        assert await child.call("compute_without_end") is None
        assert await child.exit_code() == -signal.SIGVTALRM
        assert "in compute_without_end\n" in child.log

    async def test_a_process_that_was_frozen_goes_on_and_tells_nothing(self, start: Start) -> None:
        child = await start(blocks=0, log=1, end=3).ready()
        child.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(6)
        child.process.send_signal(signal.SIGCONT)
        for _ in range(3):
            assert await child.call("livez") is not None
            await asyncio.sleep(1)
        assert "event_loop" not in child.log


class TestStandstill:
    def test_looks_in_which_the_mark_has_not_moved_add_up(self) -> None:
        standstill = Standstill(looked_at=0.0, computed=0.0)
        assert [standstill.look(1, second, 0.0, 2.0) for second in (1.0, 2.0, 3.0)] == [1.0, 1.0, 2.0]

    def test_it_begins_anew_when_the_mark_moves(self) -> None:
        standstill = Standstill(looked_at=0.0, computed=0.0, mark=1)
        assert [standstill.look(mark, mark, 0.0, 2.0) for mark in (1, 2, 3)] == [1.0, 2.0, 1.0]
        assert standstill.seconds == 0.0

    def test_a_gap_in_which_nothing_was_computed_hardly_counts(self) -> None:
        assert Standstill(looked_at=0.0, computed=0.0, mark=1).look(1, 60.0, 0.1, 2.0) == 2.0

    def test_a_gap_in_which_the_process_computed_counts(self) -> None:
        assert Standstill(looked_at=0.0, computed=0.0, mark=1).look(1, 60.0, 55.0, 2.0) == 55.0
