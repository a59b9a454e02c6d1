"""A package index on this machine, behind a certificate that only a company's own authority vouches for."""

from __future__ import annotations

import functools
import hashlib
import http.server
import ssl
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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
