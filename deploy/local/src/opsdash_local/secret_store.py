"""Secrets of the local stack: made once, kept in one private file, never printed."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from opsdash_local.errors import LocalStackError


class SecretStore:
    """A name asked for the first time gets a random value; the same value ever after."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = _read(path)

    def get(self, name: str) -> str:
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(36)
            self._write()
        return self._values[name]

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(self._values, file, indent=1)
        fresh.replace(self._path)


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(isinstance(value, str) and value for value in content.values()):
        raise LocalStackError(f"{path} is damaged; remove it and start again: new secrets are made, tickets stay")
    path.chmod(0o600)
    return content
