"""`opsdash secrets`: the secrets of the compose stack as files, or those of a test cluster as Kubernetes manifests.

Made once and kept: a file that is there stays as it is, so one that an operator replaced stays replaced.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opsdash_local.demo.workspace import people
from opsdash_local.environment import ROLES
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, SERVICES, ServiceSpec, internal_secrets

TOKENS = ("workspace_token", "cron_secret", "session_secret")
#: Of the notifications service.
OUTWARDS = ("mail_link_secret", "channel_secret")
KEY = "dev_issuer_key"
PEOPLE = "people"


def main(options: argparse.Namespace) -> int:
    """Files in the folder and, when asked for, manifests on the standard output."""
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder.chmod(0o700)
    store = SecretStore(options.folder / "secrets.json")
    write(options.folder, store)
    if options.kubernetes:
        manifests = {"apiVersion": "v1", "kind": "List", "items": list(_manifests(options.folder))}
        sys.stdout.write(json.dumps(manifests, indent=1) + "\n")
    else:
        sys.stdout.write(f"secrets are in {options.folder}\n")
    return 0


def write(folder: Path, store: SecretStore) -> None:
    """One file each, readable by the numeric user of a container; the folder is what keeps others out."""
    # No secret: as this release has them.
    (folder / PEOPLE).write_text(json.dumps(people(), indent=1), encoding="utf-8")
    if not (folder / KEY).exists():
        (folder / KEY).write_bytes(_new_key())
    values = _values(store)
    for name, value in values.items():
        if not (folder / name).exists():
            (folder / name).write_text(value, encoding="utf-8")
    for name in (PEOPLE, KEY, *values):
        (folder / name).chmod(0o644)


def _new_key() -> bytes:
    """What the development issuer signs with."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _values(store: SecretStore) -> dict[str, str]:
    admin = store.get("postgres_password")
    values = {
        "postgres_password": admin,
        "admin_url": f"postgresql://postgres:{admin}@postgres:5432/postgres",
    }
    values |= {name: store.get(name) for name in (*TOKENS, *OUTWARDS)}
    # Each side of a pair has its own file, because the one that is shown a token knows two while it is rotated.
    values |= {
        f"{service.role_prefix}_{setting}": store.get(name)
        for service in SERVICES
        for setting, name in internal_secrets(service).items()
    }
    return values | {
        _url_file(service, role): _url(service, role, store.get(_user(service, role)), "postgres")
        for service in BACKENDS
        for role in ROLES
    }


def _user(service: ServiceSpec, role: str) -> str:
    return f"{service.role_prefix}_{role}"


def _url_file(service: ServiceSpec, role: str) -> str:
    return f"{_user(service, role)}_url"


def _url(service: ServiceSpec, role: str, password: str, host: str) -> str:
    return f"postgresql://{_user(service, role)}:{password}@{host}:5432/{service.role_prefix}"


def _manifests(folder: Path) -> Iterator[dict[str, object]]:
    """What deploy/k8s expects, under the names of docs/how-to/deploy.md, with the values of the files."""

    def kept(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    for service in SERVICES:
        values = {setting: kept(f"{service.role_prefix}_{setting}") for setting in internal_secrets(service)}
        yield _manifest(f"{service.name}-internal", values)
    yield _manifest("gateway-secrets", {name: kept(name) for name in (*TOKENS, KEY, PEOPLE)})
    for service in BACKENDS:
        for role in ROLES:
            password = urlsplit(kept(_url_file(service, role))).password or ""
            url = f"{_url(service, role, password, f'{service.name}-db-rw')}?sslmode=require"
            data = {"username": _user(service, role), "password": password, "url": url}
            yield _manifest(f"{service.name}-{role}", data, kind="kubernetes.io/basic-auth")


def _manifest(name: str, data: dict[str, str], kind: str = "Opaque") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": "opsdash"},
        "stringData": data,
    }
