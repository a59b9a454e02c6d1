"""An identity provider that counts its visitors, and servers on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from opsdash_chassis.http.app import Application
from opsdash_chassis.http.server import _bind, _server
from opsdash_chassis.settings import ServiceSettings

ISSUER = "https://id.example.test/"
AUDIENCE = "opsdash-support"
INTERNAL_TOKEN = "Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6"


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

    async def serve(self, request: web.Request) -> web.Response:
        self.requests.append(request.path_qs)
        if not self.healthy:
            return web.Response(status=500)
        return web.json_response({"keys": self.keys})

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(uuid4()), "iat": now, "exp": now + 300, **changes}
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, header: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256", **changes: Any) -> str:
        header = {"kid": "rsa", "typ": "at+jwt", **(header or {})}
        return jwt.encode(self.claims(**changes), key or self.rsa, algorithm=alg, headers=header)


@pytest.fixture(scope="session")
def signing() -> Issuer:
    """The keys, made once: RSA keys are slow to make."""
    return Issuer()


@pytest.fixture
async def issuer(signing: Issuer) -> AsyncIterator[Issuer]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", signing.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    signing.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    signing.healthy = True
    signing.requests.clear()
    yield signing
    await runner.cleanup()


@pytest.fixture
def settings(issuer: Issuer) -> ServiceSettings:
    return make_settings(issuer.url)


def make_settings(url: str, **changes: Any) -> ServiceSettings:
    values = {
        "profile": "local",
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": f"{url}/jwks.json",
        "internal_token": INTERNAL_TOKEN,
        **changes,
    }
    return ServiceSettings(**values)


class RawConnection:
    """Bytes in, bytes out: for requests no client library would send."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def exchange(self, *chunks: bytes, pause_seconds: float = 0.0, wait_seconds: float = 5.0) -> bytes:
        """Send the chunks one after the other and read until the server closes or `wait_seconds` are over."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
            received = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(wait_seconds):
                    while data := await reader.read(65536):
                        received += data
            return received
        finally:
            writer.close()


Start = Callable[[Application, ServiceSettings], Awaitable[RawConnection]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Run an application on a free port with the server class of production."""
    async with contextlib.AsyncExitStack() as stack:

        async def run(application: Application, settings: ServiceSettings) -> RawConnection:
            listener: socket.socket = _bind("127.0.0.1", 0)
            server = _server(application, settings)
            await stack.enter_async_context(application.litestar.lifespan())
            task = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:
                await asyncio.sleep(0.01)

            async def stop() -> None:
                server.should_exit = True
                server.force_exit = True
                await task

            stack.push_async_callback(stop)
            return RawConnection(listener.getsockname()[1])

        yield run
