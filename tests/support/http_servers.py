"""HTTP servers of the tests: an identity provider, a package index with its authority, HTTPS before a gateway."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import http.server
import json
import ssl
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from opsdash_local.ports import LOOPBACK

AUDIENCE = "opsdash-support"
KEY_ID = "test-key"
JWKS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/openid-configuration"


class TestIssuer:
    """The key set is served by a thread, so tokens are checked even while a test blocks its event loop."""

    __test__ = False

    def __init__(self) -> None:
        self.private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_set_requests = 0
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="test issuer", daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}{JWKS_PATH}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make a service trust this issuer."""
        return {
            "OPSDASH_OIDC_ISSUER": self.issuer,
            "OPSDASH_OIDC_AUDIENCE": AUDIENCE,
            "OPSDASH_OIDC_JWKS_URL": self.jwks_url,
        }

    def token(self, user_id: UUID | str, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good access token; any claim may be replaced, and one that is None is left out."""
        now = int(time.time())
        payload = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            **claims,
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(
            payload,
            self.private_key,
            algorithm="RS256",
            headers={"kid": KEY_ID, "typ": "at+jwt", **(headers or {})},
        )

    def authorization(self, user_id: UUID | str, **claims: Any) -> dict[str, str]:
        """The request header that signs a user in."""
        return {"Authorization": f"Bearer {self.token(user_id, **claims)}"}

    def key_set(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def metadata(self) -> dict[str, Any]:
        """Enough for a gateway to send people to sign in."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.key_set_requests += self.path != METADATA_PATH
                body = json.dumps(issuer.metadata() if self.path == METADATA_PATH else issuer.key_set()).encode()
                self.send_response(200 if self.path in {JWKS_PATH, METADATA_PATH} else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class says so
                pass

        return Handler

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def make_wheel(folder: Path, name: str, files: dict[str, str]) -> str:
    base = f"{name.replace('-', '_')}-1.0"
    metadata = {
        f"{base}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{base}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{base}.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{base}-py3-none-any.whl", "w") as wheel:
        for path, text in (files | metadata).items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            wheel.writestr(entry, text)
    return f"{base}-py3-none-any.whl"


@dataclass(frozen=True)
class Authority:
    """Files: the company's authority, a key with a certificate of this machine, and the authority of somebody else."""

    root: Path
    server: Path
    stranger: Path


def make_authority(folder: Path) -> Authority:
    """Writes the three files; valid for a day before and after now."""
    now = datetime.now(UTC)
    root_key, key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("company", "index"))

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, authority: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder(root_name, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        builder = builder.add_extension(address, critical=False)
        for extension, critical in _strict(public, root_key.public_key(), authority=authority):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(root_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(certificate(root_name, root_key.public_key(), authority=True).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server = certificate(name, key.public_key(), authority=False)
    (folder / "server.pem").write_bytes(private + server.public_bytes(pem))
    (folder / "stranger.pem").write_bytes(certificate(name, other.public_key(), authority=True).public_bytes(pem))
    return Authority(folder / "ca.pem", folder / "server.pem", folder / "stranger.pem")


def _strict(
    public: ec.EllipticCurvePublicKey, root: ec.EllipticCurvePublicKey, *, authority: bool
) -> list[tuple[x509.ExtensionType, bool]]:
    """What RFC 5280 asks for; Python 3.13 and newer take no certificate without it."""
    usage = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return [
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root), False),
        (usage, True),
    ]


@contextmanager
def served(folder: Path, authority: Authority, packages: Mapping[str, dict[str, str]]) -> Iterator[str]:
    """Address of an index of these packages, each with the files of its wheel."""
    for name, files in packages.items():
        page = folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True)
        file = make_wheel(page.parent, name, files)
        digest = hashlib.sha256((page.parent / file).read_bytes()).hexdigest()
        page.write_text(f'<!DOCTYPE html><html><body><a href="{file}#sha256={digest}">{file}</a></body></html>')
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: object) -> None:
        pass


CHUNK_BYTES = 64 * 1024


@contextmanager
def encrypted(port: int, listen_on: int, certificate: Path) -> Iterator[None]:
    """Passes on what comes to `listen_on`. In a thread of its own, because a test waits on the event loop."""
    started: Future[Callable[[], object]] = Future()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    async def serve() -> None:
        over = asyncio.Event()
        await asyncio.start_server(passed, "127.0.0.1", listen_on, ssl=context)
        started.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, over.set))
        await over.wait()  # what is open then is broken off with the loop

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    end = started.result(timeout=30)
    try:
        yield
    finally:
        end()
        thread.join()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()
