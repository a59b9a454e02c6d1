"""The images that the stack stands on: those that were named, those of the registry, or stand-ins made on this machine.

A stand-in is Debian's package of the same server, or the same release from Maven Central, with an entry point that
knows the settings the stack uses. It is kept under a name of its own; the end of a run says what was stood in for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from opsdash_local.apache.jars import kafka_version

from tests.deploy.test_compose import BASES

RECIPES = Path(__file__).parent
SUITE = "trixie"
DEBIAN = f"opsdash-stand-in/debian:{SUITE}"
#: What every program of this machine trusts; containers that install something need it as well.
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
TRUSTED = "/etc/ssl/machine.crt"
said: list[str] = []


@dataclass(frozen=True)
class StandIn:
    image: str
    recipe: str


MADE = {
    "BASE_PYTHON": StandIn("opsdash-stand-in/python:3.13", "python"),
    "BASE_KAFKA": StandIn(f"opsdash-stand-in/kafka:{kafka_version()}", "kafka"),
    "BASE_POSTGRES": StandIn("opsdash-stand-in/postgres:17", "postgres"),
}


def chosen() -> dict[str, str]:
    """By the variable that names it to compose."""
    return {name: image_of(name) for name in BASES}


def image_of(name: str) -> str:
    """What the variable names; else the usual image, or its stand-in, which is made the first time."""
    if given := os.environ.get(name):
        return given
    usual = BASES[name]
    if _is_here(usual) or _works("docker", "pull", "--quiet", usual):
        return usual
    said.append(f"{usual} came from no registry: {MADE[name].image} stood in for it; {name} names another image")
    if not _is_here(MADE[name].image):
        _make(MADE[name])
    return MADE[name].image


def _is_here(image: str) -> bool:
    return _works("docker", "image", "inspect", image)


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _make(stand_in: StandIn) -> None:
    if not _is_here(DEBIAN):
        _make_debian()
    prepare = {"kafka": _with_jars}.get(stand_in.recipe, _as_it_is)
    with prepared(prepare) as context:
        recipe = context / f"{stand_in.recipe}.Dockerfile"
        _run("docker", "build", "--quiet", "--file", str(recipe), "--tag", stand_in.image, str(context))


@contextmanager
def prepared(prepare: Callable[[Path], None]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        shutil.copytree(RECIPES, context, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        prepare(context)
        yield context


def _as_it_is(context: Path) -> None:
    pass


def _with_jars(context: Path) -> None:
    _run(
        "mvn", "--batch-mode", "--quiet", "--file", str(context / "kafka.pom.xml"),
        f"-Dkafka.version={kafka_version()}", "dependency:copy-dependencies", "-DincludeScope=runtime",
        f"-DoutputDirectory={context / 'jars'}",
    )  # fmt: skip


def _make_debian() -> None:
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.exit(
            f"no registry answers, and stand-ins take root and debootstrap; name images in {', '.join(BASES)}", 1
        )
    with tempfile.TemporaryDirectory() as folder:
        system, archive = f"{folder}/system", f"{folder}/system.tar"
        _run("debootstrap", "--variant=minbase", SUITE, system)
        Path(f"{system}{TRUSTED}").parent.mkdir(exist_ok=True)
        shutil.copy(BUNDLE, f"{system}{TRUSTED}")
        _run("tar", "--create", "--file", archive, "--directory", system, ".")
        _run("docker", "import", "--change", f"ENV SSL_CERT_FILE={TRUSTED} PIP_CERT={TRUSTED}", archive, DEBIAN)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
