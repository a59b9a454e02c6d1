"""The server on real sockets: requests no client library sends, and an ordered stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from litestar import Request, get
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app
from opsdash_http.requests.addresses import source_of
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.server import protocol
from opsdash_local.ports import free_port

from services.http.tests.conftest import echoing, make_settings
from tests.support.measurements import eventually


@pytest.fixture
async def connection(start: Any, settings: ServiceSettings) -> Any:
    return await start(create_app(settings, route_handlers=[echoing(body_timeout_seconds=0.3)]), settings)


@get("/source", opt={"authentication": PUBLIC})
async def source(request: Request[Any, Any, Any]) -> str:
    return source_of(request.scope)


class TestProxies:
    """Who calls is what a trusted proxy says, and nobody else's word."""

    @pytest.mark.parametrize(
        ("trusted", "forwarded", "counted"),
        [
            (None, b"192.0.2.1", b"127.0.0.1"),
            ("198.51.100.7", b"192.0.2.1", b"127.0.0.1"),
            ("127.0.0.0/8", b"192.0.2.1", b"192.0.2.1"),
            ("127.0.0.0/8,10.0.0.0/8", b"203.0.113.9, 192.0.2.1, 10.0.0.5", b"192.0.2.1"),
            ("127.0.0.1", b"2001:db8::7", b"2001:db8::"),
        ],
    )
    async def test_the_nearest_address_that_is_no_proxy_counts(
        self, start: Any, issuer: Any, trusted: str | None, forwarded: bytes, counted: bytes
    ) -> None:
        settings = make_settings(issuer.url, trusted_proxies=trusted)
        connection = await start(create_app(settings, route_handlers=[source]), settings)
        head = b"GET /source HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: "
        answer = await connection.exchange(head + forwarded + b"\r\n\r\n")
        assert answer.rpartition(b"\r\n\r\n")[2] == counted


HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

UNREADABLE = {
    "no HTTP": (b"hello there\r\n\r\n", 400),
    "bad chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
    "two framings": (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "negative length": (HEAD + b"Content-Length: -1\r\n\r\n", 400),
    "length no number": (HEAD + b"Content-Length: abc\r\n\r\n", 400),
    "line break in a name": (b"GET / HTTP/1.1\r\nHo\rst: a\r\n\r\n", 400),
    "200 headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 200 + b"\r\n", 431),
    "17 KiB of headers": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 17_000 + b"\r\n\r\n", 431),
    "100 KiB of headers": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 431),
    "endless headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 20_000, 431),
    "endless path": (b"GET /" + b"a" * 200_000, 431),
}


class TestUnreadableRequests:
    @pytest.mark.parametrize(("request_bytes", "status"), UNREADABLE.values(), ids=UNREADABLE.keys())
    async def test_is_a_problem_and_the_connection_ends(
        self, connection: Any, request_bytes: bytes, status: int
    ) -> None:
        answer = await connection.exchange(request_bytes)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status

    async def test_a_slow_body_is_408(self, connection: Any) -> None:
        slow = [HEAD + b"Content-Length: 100\r\n\r\n", *([b"{"] * 20)]
        answer = await connection.exchange(*slow[:6], pause_seconds=0.1)
        assert answer.startswith(b"HTTP/1.1 408 ")

    async def test_a_slow_head_is_closed(self, connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.2)
        assert await connection.exchange(b"GET / HTTP/1.1\r\n") == b""

    async def test_a_body_refused_by_its_length_is_not_waited_for(
        self, connection: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protocol, "REST_SECONDS", 0.2)
        answer = await connection.exchange(HEAD + b"Content-Length: 99999999\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")

    async def test_a_client_that_sends_too_much_reads_the_answer_and_goes_on(self, connection: Any) -> None:
        size = 3_000_000
        large = HEAD + f"Content-Length: {size}\r\n\r\n".encode() + b" " * size
        small = HEAD + b"Content-Length: 2\r\n\r\n{}"
        answer = await connection.exchange(large, small, enough=lambda said: b"HTTP/1.1 201 " in said)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"HTTP/1.1 201 " in answer

    async def test_a_stream_without_length_is_cut_off_at_the_limit(
        self, connection: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protocol, "REST_SECONDS", 0.2)
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        answer = await connection.exchange(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 17))
        assert answer.startswith(b"HTTP/1.1 413 ")

    async def test_requests_in_a_row_share_a_connection(self, connection: Any) -> None:
        request = b"GET /hello/a HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = await connection.exchange(
            request, request, pause_seconds=0.1, enough=lambda said: said.count(b"HTTP/1.1 200 ") == 2
        )
        assert answer.count(b"HTTP/1.1 200 ") == 2

    async def test_the_server_does_not_introduce_itself(self, connection: Any) -> None:
        answer = await connection.exchange(b"GET /hello/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"uvicorn" not in answer.lower()


PROGRAM = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from contextlib import asynccontextmanager
    from litestar import get
    from opsdash_chassis.errors import StartupError
    from opsdash_http.app import create_app
    from opsdash_http.security.authentication import PUBLIC
    from opsdash_chassis.observability.logs import configure_logs
    from opsdash_http.server.server import serve
    from opsdash_chassis.settings import ServiceSettings

    @get("/slow", opt={"authentication": PUBLIC})
    async def slow() -> str:
        print("asked", flush=True)
        while not Path("RELEASED").exists():
            await asyncio.sleep(0.02)
        return "done"

    @asynccontextmanager
    async def lifespan(app):
        if "refuse" in sys.argv:
            raise StartupError("no Kafka broker answered")
        if "hang" in sys.argv:
            print("starting", flush=True)
            await asyncio.sleep(60)
        yield
        print("lifespan ended", flush=True)

    configure_logs(profile="local", level="INFO", service="test")
    settings = ServiceSettings(profile="local", oidc_issuer="i", oidc_audience="a", oidc_jwks_url="http://x",
        http_port=PORT, operations_port=OPERATIONS)
    serve(lambda: create_app(settings, route_handlers=[slow], lifespan=[lifespan]), settings)
    """
)


class Child:
    def __init__(self, folder: Path, *arguments: str, port: int | None = None) -> None:
        self.port, self.operations = port or free_port(), free_port()
        self._released = folder / "released"
        program = PROGRAM.replace("PORT", str(self.port)).replace("OPERATIONS", str(self.operations))
        program = program.replace("RELEASED", str(self._released))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    async def readiness(self, session: aiohttp.ClientSession) -> int:
        async with session.get(f"http://127.0.0.1:{self.operations}/readyz") as response:
            return response.status

    async def until_ready(self, session: aiohttp.ClientSession) -> None:
        for _ in range(600):
            with contextlib.suppress(aiohttp.ClientError):
                if await self.readiness(session) == 200:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(self.process.communicate())

    async def until_not_ready(self, session: aiohttp.ClientSession) -> None:
        """It still answers, and says that it stops."""
        assert await eventually(lambda: self.readiness(session), lambda status: status != 200) == 503

    async def says(self, line: str) -> None:
        assert self.process.stdout is not None
        assert await asyncio.to_thread(self.process.stdout.readline) == f"{line}\n"

    def release(self) -> None:
        """Let the slow request be answered."""
        self._released.touch()

    async def finish(self) -> tuple[int, str, str]:
        out, err = await asyncio.to_thread(self.process.communicate, None, 25)
        return self.process.returncode, out, err


@pytest.mark.integration
class TestProcess:
    async def test_sigterm_lets_accepted_requests_finish_and_exits_0(self, tmp_path: Path) -> None:
        child = Child(tmp_path)
        async with aiohttp.ClientSession() as session:
            await child.until_ready(session)
            slow = asyncio.create_task(session.get(f"http://127.0.0.1:{child.port}/slow"))
            await child.says("asked")
            child.process.send_signal(signal.SIGTERM)
            await child.until_not_ready(session)
            child.release()
            assert (await slow).status == 200
        code, out, _ = await child.finish()
        assert (code, out) == (0, "lifespan ended\n")

    async def test_operations_routes_are_not_on_the_public_port(self, tmp_path: Path) -> None:
        child = Child(tmp_path)
        async with aiohttp.ClientSession() as session:
            await child.until_ready(session)
            for path in ("/livez", "/readyz", "/metrics"):
                async with session.get(f"http://127.0.0.1:{child.port}{path}") as response:
                    assert response.status == 404
                async with session.get(f"http://127.0.0.1:{child.operations}{path}") as response:
                    assert response.status == 200
        child.process.terminate()
        assert (await child.finish())[0] == 0

    async def test_a_second_signal_ends_the_process_at_once(self, tmp_path: Path) -> None:
        child = Child(tmp_path)
        async with aiohttp.ClientSession() as session:
            await child.until_ready(session)
            slow = asyncio.create_task(session.get(f"http://127.0.0.1:{child.port}/slow"))
            await child.says("asked")
            child.process.terminate()
            await child.until_not_ready(session)
            child.process.terminate()
            assert (await child.finish())[0] == 1
            with pytest.raises(aiohttp.ClientError):
                await slow

    async def test_a_start_that_fails_is_one_line_and_exit_code_3(self, tmp_path: Path) -> None:
        code, _, err = await Child(tmp_path, "refuse").finish()
        assert (code, err) == (3, "cannot start: no Kafka broker answered\n")

    async def test_a_taken_port_is_one_line_and_exit_code_3(self, tmp_path: Path) -> None:
        first = Child(tmp_path)
        async with aiohttp.ClientSession() as session:
            await first.until_ready(session)
        code, _, err = await Child(tmp_path, port=first.port).finish()
        first.process.terminate()
        await first.finish()
        assert (code, err) == (3, f"cannot start: cannot listen on port {first.port}: Address already in use\n")

    async def test_a_signal_while_starting_exits_0(self, tmp_path: Path) -> None:
        child = Child(tmp_path, "hang")
        await child.says("starting")
        child.process.terminate()
        assert (await child.finish())[0] == 0
