"""`opsdash secrets`: the secrets of the compose stack as files, or those of a test cluster as Kubernetes manifests.

Made once and kept: a second call writes the same values again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from opsdash_gateway.dev_issuer.signing import load_or_create_key

from opsdash_local.demo.workspace import people
from opsdash_local.environment import ROLES
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, ServiceSpec

TOKENS = ("internal_token", "workspace_token", "cron_secret", "session_secret")
KEY = "dev_issuer_key"


def main(options: argparse.Namespace) -> int:
    """Files in the folder, or manifests on the standard output."""
    store = SecretStore(options.folder / "secrets.json")
    options.folder.mkdir(parents=True, exist_ok=True)
    options.folder.chmod(0o700)
    if options.kubernetes:
        manifests = "---\n".join(json.dumps(manifest, indent=1) + "\n" for manifest in _manifests(store))
        sys.stdout.write(manifests)
    else:
        write(options.folder, store)
        sys.stdout.write(f"secrets are in {options.folder}\n")
    return 0


def write(folder: Path, store: SecretStore) -> None:
    """One file each, readable by the numeric user of a container; the folder is what keeps others out."""
    load_or_create_key(folder / KEY)
    for name, value in _values(store).items():
        (folder / name).write_text(value, encoding="utf-8")
    for name in (KEY, *_values(store)):
        (folder / name).chmod(0o644)


def _values(store: SecretStore) -> dict[str, str]:
    admin = store.get("postgres_password")
    values = {
        "postgres_password": admin,
        "admin_url": f"postgresql://postgres:{admin}@postgres:5432/postgres",
        "people": json.dumps(people(), indent=1),
    }
    values |= {name: store.get(name) for name in TOKENS}
    return values | {
        f"{service.role_prefix}_{role}_url": _url(store, service, role, "postgres")
        for service in BACKENDS
        for role in ROLES
    }


def _url(store: SecretStore, service: ServiceSpec, role: str, host: str) -> str:
    user = f"{service.role_prefix}_{role}"
    return f"postgresql://{user}:{store.get(user)}@{host}:5432/{service.role_prefix}"


def _manifests(store: SecretStore) -> Iterator[dict[str, object]]:
    """What deploy/k8s expects, under the names of docs/operating-deploy.md."""
    yield _manifest("opsdash-internal", {"internal_token": store.get("internal_token")})
    yield _manifest("opsdash-gateway", {name: store.get(name) for name in TOKENS if name != "internal_token"})
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
