"""An identity provider that counts its requests, servers on real sockets, and two routes that anybody may call."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import Application
from opsdash_http.security import keys
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.server.server import _bind, _server

ISSUER = "https://id.example.test/"
AUDIENCE = "opsdash-support"
PATIENCE_SECONDS = 30.0


class Issuer:
    """Signs tokens; serves its public keys and remembers every request."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()
        self.requests: list[str] = []
        self.healthy = True
        self.url = ""
        self.keys = [
            json.loads(RSAAlgorithm.to_jwk(self.rsa.public_key())) | {"kid": "rsa", "alg": "RS256", "use": "sig"},
            json.loads(ECAlgorithm.to_jwk(self.ec.public_key())) | {"kid": "ec", "use": "sig"},
            json.loads(OKPAlgorithm.to_jwk(self.ed.public_key())) | {"kid": "ed"},
        ]

    def answer(self, path: str) -> tuple[int, bytes]:
        self.requests.append(path)
        return (200, json.dumps({"keys": self.keys}).encode()) if self.healthy else (500, b"")

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(uuid4()), "iat": now, "exp": now + 300, **changes}
        return {name: value for name, value in claims.items() if value is not ...}

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A token with a good RS256 signature whatever is in it; PyJWT would refuse to make some of them."""
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
        signed = b".".join(parts)
        signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed, self.rsa)
        return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()

    def token(self, header: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256", **changes: Any) -> str:
        header = {"kid": "rsa", "typ": "at+jwt", **(header or {})}
        return jwt.encode(self.claims(**changes), key or self.rsa, algorithm=alg, headers=header)


@pytest.fixture(scope="session")
def signing() -> Issuer:
    """The keys, made once: RSA keys are slow to make."""
    return Issuer()


@pytest.fixture
def issuer(signing: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """Served by a thread: the test client of the framework blocks the event loop while it waits."""
    monkeypatch.setattr(keys, "FETCH_TIMEOUT_SECONDS", PATIENCE_SECONDS)  # a busy machine is no provider that is away

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = signing.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    signing.url = f"http://127.0.0.1:{server.server_address[1]}"
    signing.healthy = True
    signing.requests.clear()
    yield signing
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(issuer: Issuer) -> ServiceSettings:
    return make_settings(issuer.url)


def make_settings(url: str, **changes: Any) -> ServiceSettings:
    values = {
        "profile": "local",
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": f"{url}/jwks.json",
        **changes,
    }
    return ServiceSettings(**values)


def never(_: bytes) -> bool:
    return False


class RawConnection:
    """Bytes in, bytes out: for requests no client library would send."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def exchange(
        self, *chunks: bytes, pause_seconds: float = 0.0, enough: Callable[[bytes], bool] = never
    ) -> bytes:
        """Send the chunks one after the other and read until the server closes, or leave once there is `enough`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            reading = asyncio.create_task(_read(reader, enough))
            for chunk in chunks:
                with contextlib.suppress(ConnectionError):  # an early refusal is what many tests are about
                    writer.write(chunk)
                    await writer.drain()
                await asyncio.sleep(pause_seconds)
            return await reading
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader, enough: Callable[[bytes], bool]) -> bytes:
    """Raises TimeoutError when the server neither says enough nor closes."""
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not enough(received) and (data := await reader.read(65536)):
                received += data
    return received


Start = Callable[[Application, ServiceSettings], Awaitable[RawConnection]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Run an application on a free port with the server class of production."""
    async with contextlib.AsyncExitStack() as stack:

        async def run(application: Application, settings: ServiceSettings) -> RawConnection:
            listener: socket.socket = _bind("127.0.0.1", 0)
            server = _server(application, settings)

            async def serve() -> None:
                async with application.litestar.lifespan():
                    await server.serve(sockets=[listener])

            task = asyncio.create_task(serve())
            while not server.started:  # noqa: ASYNC110 - the server offers no event
                await asyncio.sleep(0.01)

            async def stop() -> None:
                server.should_exit = True
                server.force_exit = True
                await task

            stack.push_async_callback(stop)
            return RawConnection(listener.getsockname()[1])

        yield run


def echoing(**opt: Any) -> Router:
    """`opt` is of the route that takes a body."""

    @post("/echo", opt=opt)
    async def echo(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        return data

    @get("/hello/{name:str}")
    async def hello(name: FromPath[str]) -> str:
        return name

    return Router("/", route_handlers=[echo, hello], opt={"authentication": PUBLIC})
