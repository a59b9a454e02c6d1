"""What `make compose` says of a Docker that is too old, before it builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.docker.versions import refusal, version_in
from tests.architecture.sources import ROOT

NEW = {"the engine": (28, 2), "docker compose": (5, 6), "docker buildx": (0, 29)}
DEBIAN_12 = {"the engine": (20, 10), "docker compose": (2, 40), "docker buildx": ()}


@pytest.mark.parametrize("versions", [NEW, DEBIAN_12], ids=["new", "Debian 12"])
def test_what_works_is_let_through(versions: dict[str, tuple[int, ...]]):
    assert refusal(versions) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"the engine": (19, 3)}, "the engine is 19.3 and has to be 20.10 or newer"),
        ({"docker compose": (2, 3)}, "docker compose is 2.3 and has to be 2.26 or newer"),
        ({"docker buildx": (0, 16)}, "docker buildx is 0.16 and has to be 0.17 or newer"),
        ({"docker buildx": ()}, "docker buildx is missing and has to be 0.17 or newer"),
    ],
)
def test_what_is_too_old_is_named_with_what_is_needed(changed: dict[str, tuple[int, ...]], said: str):
    assert refusal(NEW | changed) == f"make compose: {said}; see docs/how-to/compose.md"


def test_all_that_is_too_old_is_named_at_once():
    assert refusal(dict.fromkeys(NEW, (0, 1))).count("has to be") == 2


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20.10.24+dfsg1\n", (20, 10)),
        ("v2.40.3\n", (2, 40)),
        ("github.com/docker/buildx v0.17.1 257815a\n", (0, 17)),
        ("", ()),
    ],
)
def test_the_words_of_the_programs_are_read(text: str, version: tuple[int, ...]):
    assert version_in(text) == version


def test_it_ends_with_one_line(tmp_path: Path):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 19.03.1\n")
    docker.chmod(0o755)
    command = [sys.executable, ROOT / "deploy/docker/versions.py"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("opsdash: make compose: the engine is 19.3 and has to be 20.10 or newer")
    assert len(done.stderr.splitlines()) == 1
