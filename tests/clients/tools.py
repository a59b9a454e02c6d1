"""The programs that clients are generated, compiled and run with, and what brings those that a machine lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

NODE, GO, JAVA = "node", "go", "maven"
_SECONDS = 600
_OLDEST_JAVA = 17


def _lacking(*programs: str) -> str:
    names = [name for name in programs if shutil.which(name) is None]
    return " and no ".join(f"`{name}`" for name in names)


def _node_missing() -> str:
    lacking = _lacking("node", "npm")
    return lacking and f"there is no {lacking}; install Node.js 20 or newer (Debian 13: apt-get install nodejs npm)"


def _go_missing() -> str:
    lacking = _lacking("go")
    return lacking and f"there is no {lacking}; install Go 1.24 or newer (Debian 13: apt-get install golang)"


def _java_missing() -> str:
    install = "install Java 17 or newer and Maven (Debian: apt-get install openjdk-17-jdk-headless maven)"
    if lacking := _lacking("java", "javac", "mvn"):
        return f"there is no {lacking}; {install}"
    version = re.search(r'version "(\d+)', run("java", "-version", folder=Path.cwd()))
    return "" if version and int(version[1]) >= _OLDEST_JAVA else f"its Java is older; {install}"


MISSING = {NODE: _node_missing, GO: _go_missing, JAVA: _java_missing}


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What the program said; raises AssertionError with all of it when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout
