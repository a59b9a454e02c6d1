"""`opsdash secrets`: the secrets of the compose stack as files, or those of a test cluster as Kubernetes manifests.

Made once and kept: a file that is there stays as it is, so one that an operator replaced stays replaced.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opsdash_local.demo.workspace import people
from opsdash_local.environment import ROLES
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, SERVICES, ServiceSpec, internal_secrets

TOKENS = ("workspace_token", "cron_secret", "session_secret")
KEY = "dev_issuer_key"
PEOPLE = "people"


def main(options: argparse.Namespace) -> int:
    """Files in the folder and, when asked for, manifests on the standard output."""
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder.chmod(0o700)
    store = SecretStore(options.folder / "secrets.json")
    write(options.folder, store)
    if options.kubernetes:
        key = (options.folder / KEY).read_text(encoding="ascii")
        manifests = {"apiVersion": "v1", "kind": "List", "items": list(_manifests(store, key))}
        sys.stdout.write(json.dumps(manifests, indent=1) + "\n")
    else:
        sys.stdout.write(f"secrets are in {options.folder}\n")
    return 0


def write(folder: Path, store: SecretStore) -> None:
    """One file each, readable by the numeric user of a container; the folder is what keeps others out."""
    (folder / PEOPLE).write_text(
        json.dumps(people(), indent=1), encoding="utf-8"
    )  # no secret: as this release has them
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
    values |= {name: store.get(name) for name in TOKENS}
    # Each side of a pair has its own file, because the one that is shown a token knows two while it is rotated.
    values |= {
        f"{service.role_prefix}_{setting}": store.get(name)
        for service in SERVICES
        for setting, name in internal_secrets(service).items()
    }
    return values | {
        f"{service.role_prefix}_{role}_url": _url(store, service, role, "postgres")
        for service in BACKENDS
        for role in ROLES
    }


def _url(store: SecretStore, service: ServiceSpec, role: str, host: str) -> str:
    user = f"{service.role_prefix}_{role}"
    return f"postgresql://{user}:{store.get(user)}@{host}:5432/{service.role_prefix}"


def _manifests(store: SecretStore, key: str) -> Iterator[dict[str, object]]:
    """What deploy/k8s expects, under the names of docs/how-to/deploy.md."""
    for service in SERVICES:
        values = {setting: store.get(name) for setting, name in internal_secrets(service).items()}
        yield _manifest(f"{service.name}-internal", values)
    tokens = {name: store.get(name) for name in TOKENS}
    issuer = {KEY: key, PEOPLE: json.dumps(people())}
    yield _manifest("gateway-secrets", tokens | issuer)
    for service in BACKENDS:
        for role in ROLES:
            user = f"{service.role_prefix}_{role}"
            url = f"{_url(store, service, role, f'{service.name}-db-rw')}?sslmode=require"
            data = {"username": user, "password": store.get(user), "url": url}
            yield _manifest(f"{service.name}-{role}", data, kind="kubernetes.io/basic-auth")


def _manifest(name: str, data: dict[str, str], kind: str = "Opaque") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": "opsdash"},
        "stringData": data,
    }
