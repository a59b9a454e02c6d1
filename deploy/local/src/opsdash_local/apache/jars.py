"""The jars of Apache Kafka, fetched once by Maven and kept in `.kafka`, and the Java that runs them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from opsdash_local.errors import LocalStackError

POM = Path(__file__).with_name("pom.xml")
HOME = Path(".kafka")
OLDEST_JAVA = 17
FETCH_TIMEOUT_SECONDS = 600


def kafka_version() -> str:
    """The version the pom pins."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", POM.read_text(encoding="utf-8"))
    assert found is not None  # noqa: S101 - the file is ours
    return found[1]


def missing(home: Path = HOME) -> str:
    """What this machine lacks to run Apache Kafka, as a sentence; empty when it lacks nothing."""
    if (java := _java_major()) < OLDEST_JAVA:
        found = f"this is Java {java}" if java else "there is no `java`"
        return f"Apache Kafka needs Java {OLDEST_JAVA} or newer, and {found}"
    if to_be_fetched(home) and shutil.which("mvn") is None:
        return "Apache Kafka is fetched by Maven, and there is no `mvn`"
    return ""


def class_path(home: Path = HOME) -> str:
    """The class path of the server; fetches the jars the first time. Raises LocalStackError."""
    if reason := missing(home):
        raise LocalStackError(f"{reason}; install it, or leave KAFKA=apache away")
    library = _library(home)
    if not library.is_dir():
        _fetch(library)
    return f"{library.absolute()}/*"


def to_be_fetched(home: Path = HOME) -> bool:
    return not _library(home).is_dir()


def _library(home: Path) -> Path:
    return home / f"kafka-{kafka_version()}"


def _java_major() -> int:
    """The major version of the `java` on the path; 0 when there is none."""
    if shutil.which("java") is None:
        return 0
    done = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)  # noqa: S607 - found above
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else 0


def _fetch(library: Path) -> None:
    """Copy the jars beside their final place first: an interrupted fetch is never taken for a whole one."""
    unfinished, repository = library.with_suffix(".unfinished"), library.parent / "repository"
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        "mvn", "--batch-mode", "--quiet", "--file", str(POM), f"-Dmaven.repo.local={repository.absolute()}",
        "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished.absolute()}",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, capture_output=True, text=True, check=False, timeout=FETCH_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise LocalStackError(
            f"Maven did not fetch Apache Kafka within {FETCH_TIMEOUT_SECONDS} s; try again"
        ) from error
    if done.returncode != 0:
        reason = next((line for line in done.stdout.splitlines() if line.startswith("[ERROR]")), "no message")
        raise LocalStackError(
            f"Maven could not fetch Apache Kafka {kafka_version()}; the first time it needs the network:"
            f" {reason.removeprefix('[ERROR]').strip()}"
        )
    unfinished.rename(library)
    shutil.rmtree(repository, ignore_errors=True)
