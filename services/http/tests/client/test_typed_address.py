"""Addresses that people typed: which are refused, what a name may lead to, and how much of an answer is waited for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from opsdash_http.client import typed_address
from opsdash_http.client.typed_address import (
    MOST_BYTES,
    AddressRefused,
    Answer,
    check_typed_address,
    send_to_typed_address,
)

PUBLIC = "93.184.216.34"
LOOPBACK = "127.0.0.1"
#: What a test lets pass for a public address, so that its own server can be reached.
STAND_IN = "127.0.0.2"
REQUESTS = web.AppKey("requests", list[tuple[str, dict[str, str], bytes]])


class FakeResolver(AbstractResolver):
    """Answers each question with the next of its lists, and counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers: Iterator[list[str]] = iter(answers)
        self.asked = list[str]()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in next(self._answers)
        ]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    """Reached by a name that leads to the stand-in; what it was asked is in its application."""
    real = typed_address.is_public
    monkeypatch.setattr(typed_address, "is_public", lambda text: text == STAND_IN or real(text))

    async def hello(request: web.Request) -> web.Response:
        request.app[REQUESTS].append((request.path, dict(request.headers), await request.read()))
        return web.Response(text="hello", headers={"X-Answer": "1"})

    async def long(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.query["bytes"]))

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/hello"})

    async def stuck(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.01)

    application = web.Application()
    application[REQUESTS] = []
    application.router.add_route("*", "/hello", hello)
    application.router.add_get("/long", long)
    application.router.add_post("/redirect", redirect)
    application.router.add_get("/stuck", stuck)
    async with TestServer(application, host=STAND_IN) as running:
        yield running


async def send(
    server: TestServer, path: str, *, method: str = "GET", body: bytes = b"", resolver: AbstractResolver | None = None
) -> Answer:
    return await send_to_typed_address(
        method,
        f"http://hooks.example.test:{server.port}{path}",
        headers={"X-Ours": "yes"},
        body=body,
        plain_http=True,
        resolver=resolver or FakeResolver([STAND_IN]),
    )


class TestTyped:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "hooks.example.test/x",
            "ftp://hooks.example.test/",
            "file:///etc/passwd",
            "gopher://hooks.example.test:6379/_x",
            "http://hooks.example.test:8080/",
            "https://",
            "https://:443/",
            "https://hooks.example.test:80/",
            "https://hooks.example.test:22/",
            "https://hooks.example.test:1023/",
            "https://hooks.example.test:0/",
            "https://hooks.example.test:99999/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://017700000001/",
            "https://127.0.0.1./",
            "https://①②⑦.⓪.⓪.①/",
            "https://127。0。0。1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]:8443/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:a9fe:a9fe::]/",
            "https://[fe80::1%25eth0]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://public.example.test@10.0.0.1/",
            "https://[::1/",
            "https://localhost/",
            "https://localhost./",
            "https://vault/",
            "https://api.localhost:8443/",
            "https://printer.LOCAL/",
            "https://metadata.google.internal/",
            "https://router.home.arpa./",
        ],
    )
    def test_it_is_refused(self, url: str) -> None:
        with pytest.raises(AddressRefused) as refused:
            check_typed_address(url, plain_http=False)
        assert str(refused.value).endswith(".")
        assert "meta-data" not in str(refused.value)

    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.example.test",
            "https://hooks.example.test:443/a?b=c",
            "https://hooks.example.test:1024/",
            f"https://{PUBLIC}:8443/",
            "https://[2606:4700::1111]/",
            "https://1password.example.test/",
        ],
    )
    def test_it_is_taken(self, url: str) -> None:
        assert check_typed_address(url, plain_http=False).scheme == "https"

    def test_plain_http_is_for_the_local_profile(self) -> None:
        url = "http://hooks.example.test:8080/"
        assert str(check_typed_address(url, plain_http=True)) == url
        with pytest.raises(AddressRefused, match="https://"):
            check_typed_address(url, plain_http=False)


class TestName:
    @pytest.mark.parametrize(
        "addresses", [[LOOPBACK], ["10.1.2.3"], ["::1"], ["::ffff:10.0.0.1"], [PUBLIC, LOOPBACK], ["fd00:ec2::254"]]
    )
    async def test_one_that_leads_inside_is_refused_before_a_connection(
        self, server: TestServer, addresses: list[str]
    ) -> None:
        with pytest.raises(AddressRefused, match="not on the public internet"):
            await send(server, "/hello", resolver=FakeResolver(addresses))
        assert server.app[REQUESTS] == []

    async def test_one_that_changes_its_answer_is_asked_once(self, server: TestServer) -> None:
        changing = FakeResolver([STAND_IN], [LOOPBACK], [LOOPBACK])
        assert (await send(server, "/hello", resolver=changing)).status == 200
        assert changing.asked == ["hooks.example.test"]
        with pytest.raises(AddressRefused):
            await send(server, "/hello", resolver=changing)

    async def test_one_that_leads_nowhere_says_so(self, server: TestServer) -> None:
        class Nowhere(FakeResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
            ) -> list[ResolveResult]:
                raise OSError(None, "no such name")

        with pytest.raises(aiohttp.ClientConnectorDNSError):
            await send(server, "/hello", resolver=Nowhere())

    @pytest.mark.parametrize("host", ["localhost", "ip6-localhost", "localhost."])
    async def test_the_names_of_this_machine_are_refused(self, host: str) -> None:
        with pytest.raises((AddressRefused, aiohttp.ClientConnectorDNSError)):
            await send_to_typed_address("GET", f"https://{host}/", headers={}, body=b"", plain_http=False)

    async def test_a_proxy_of_the_surroundings_is_not_used(
        self, server: TestServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://{LOOPBACK}:1")
        monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:1")
        assert (await send(server, "/hello")).status == 200


class TestAnswer:
    async def test_request_and_answer_are_passed_on(self, server: TestServer) -> None:
        answer = await send(server, "/hello", method="POST", body=b'{"a":1}')
        assert (answer.status, answer.body, answer.whole) == (200, b"hello", True)
        assert answer.headers["x-answer"] == "1"
        [(path, headers, body)] = server.app[REQUESTS]
        assert (path, headers["X-Ours"], body) == ("/hello", "yes", b'{"a":1}')
        assert headers["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize(
        ("sent", "read", "whole"),
        [(MOST_BYTES, MOST_BYTES, True), (MOST_BYTES + 1, MOST_BYTES, False), (MOST_BYTES * 100, MOST_BYTES, False)],
    )
    async def test_64_kib_of_it_are_read(self, server: TestServer, sent: int, read: int, whole: bool) -> None:
        answer = await send(server, f"/long?bytes={sent}")
        assert (len(answer.body), answer.whole) == (read, whole)

    async def test_a_redirect_is_not_followed(self, server: TestServer) -> None:
        answer = await send(server, "/redirect", method="POST")
        assert (answer.status, answer.headers["location"]) == (307, "/hello")
        assert server.app[REQUESTS] == []

    async def test_one_that_never_ends_is_given_up(self, server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Though each piece of it comes at once."""
        assert typed_address.TOTAL_SECONDS == 10
        monkeypatch.setattr(typed_address, "TOTAL_SECONDS", 0.3)
        with pytest.raises(TimeoutError):
            await send(server, "/stuck")

    async def test_a_name_that_is_never_answered_is_given_up(
        self, server: TestServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Silent(FakeResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
            ) -> list[ResolveResult]:
                return await asyncio.get_running_loop().create_future()

        monkeypatch.setattr(typed_address, "TOTAL_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await send(server, "/hello", resolver=Silent())
