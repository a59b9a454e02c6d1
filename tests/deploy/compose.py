"""The compose file as the real `docker compose config` reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.sources import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
PROGRAM = Path(sys.executable).with_name("docker-compose")


@cache
def compose() -> dict[str, Any]:
    """The resolved stack; fails with the program's own words when the file is not valid."""
    command = [PROGRAM, "--file", FILE, "--profile", "*", "config", "--format", "json", "--no-interpolate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def names_of_ours() -> list[str]:
    """The containers made from our images, by the file alone."""
    stack = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return [name for name, service in stack["services"].items() if "build" in service]


def services() -> dict[str, Any]:
    return dict(compose()["services"])


def ours() -> dict[str, Any]:
    """The containers made from our images."""
    return {name: service for name, service in services().items() if "build" in service}
