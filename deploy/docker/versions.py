"""Whether this machine's Docker can build and start the stack; one line and exit code 1 when it cannot.

Docker Compose from 5 on builds with the plugin buildx and refuses older ones itself, after it has begun.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

ENGINE = (20, 10)
COMPOSE = (2, 26)
BUILDX = (0, 17)
BUILDS_WITH_BUILDX = (5,)
ASKED = {
    "the engine": ("docker", "version", "--format", "{{.Server.Version}}"),
    "docker compose": ("docker", "compose", "version", "--short"),
    "docker buildx": ("docker", "buildx", "version"),
}


def found() -> dict[str, tuple[int, ...]]:
    """The versions here; empty for what does not answer."""
    return {name: version_in(_said(command)) for name, command in ASKED.items()}


def version_in(text: str) -> tuple[int, ...]:
    """The first version that a program says: `github.com/docker/buildx v0.17.1 257815a` is 0.17."""
    match = re.search(r"\bv?(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()


def refusal(versions: Mapping[str, tuple[int, ...]]) -> str:
    """What is too old and what is needed; empty when all is well."""
    needed = {"the engine": ENGINE, "docker compose": COMPOSE}
    if versions["docker compose"] >= BUILDS_WITH_BUILDX:
        needed["docker buildx"] = BUILDX
    old = [
        f"{name} is {_shown(versions[name])} and has to be {_shown(least)} or newer"
        for name, least in needed.items()
        if versions[name] < least
    ]
    return f"make compose: {'; '.join(old)}; see docs/how-to/compose.md" if old else ""


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) if version else "missing"


def _said(command: tuple[str, ...]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own


if __name__ == "__main__":
    if told := refusal(found()):
        sys.exit(f"opsdash: {told}")
