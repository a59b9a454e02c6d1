"""What is in the images of the stack, and what is not."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from functools import cache

import pytest

from tests.compose.conftest import ComposeStack, docker
from tests.deploy.test_compose import SERVES

LARGEST = 250_000_000
BILL = "opt/opsdash/sbom.cdx.json"
#: Base names of programs that make a foothold, or need one to be patched.
UNWANTED = {
    "sh", "bash", "dash", "busybox", "perl", "apt", "apt-get", "dpkg", "pip", "pip3", "uv", "su", "mount",
    "curl", "wget",
}  # fmt: skip
GAINS_RIGHTS = 0o6000


@pytest.fixture(params=SERVES)
def image(request: pytest.FixtureRequest, stack: ComposeStack) -> str:
    (container,) = stack.containers(request.param)
    return str(stack.inspect(container)["Config"]["Image"])


@cache
def packed(image: str) -> bytes:
    """The whole file system of an image, as the engine gives it out."""
    made = docker("create", image).strip()
    try:
        return subprocess.run(["/usr/bin/env", "docker", "export", made], capture_output=True, check=True).stdout
    finally:
        docker("rm", made)


def test_it_is_small(image: str):
    assert int(docker("image", "inspect", "--format={{.Size}}", image)) <= LARGEST


def test_it_has_no_shell_no_package_manager_and_nothing_that_gains_rights(image: str):
    with tarfile.open(fileobj=io.BytesIO(packed(image))) as archive:
        members = archive.getmembers()
    programs = {member.name.rpartition("/")[2] for member in members if member.mode & 0o111 and not member.isdir()}
    assert "opsdash-service" in programs
    assert programs & UNWANTED == set()
    assert [member.name for member in members if member.mode & GAINS_RIGHTS] == []


def test_its_bill_of_materials_has_packages_libraries_and_the_interpreter(image: str):
    with tarfile.open(fileobj=io.BytesIO(packed(image))) as archive:
        found = archive.extractfile(BILL)
        assert found is not None
        components = json.load(found)["components"]
    addresses = [component.get("purl", "") for component in components]
    assert any(address.startswith("pkg:pypi/litestar@") for address in addresses)
    assert any(address.startswith("pkg:deb/debian/libc6@") for address in addresses)
    assert any(address.startswith("pkg:generic/python@3.") for address in addresses)
    assert [name for name in ("pytest", "faker", "hatchling") if name in {one["name"] for one in components}] == []


def test_no_secret_is_in_its_history(image: str, stack: ComposeStack):
    history = docker("history", "--no-trunc", image)
    for file in stack.secret("").iterdir():
        for line in filter(None, file.read_text(encoding="utf-8").splitlines()):
            assert file.name == "people" or len(line) < 8 or line not in history


def test_a_job_builds_nothing(stack: ComposeStack):
    def images() -> str:
        return stack.shell("docker image ls --all --quiet --no-trunc | sort")

    before = images()
    assert '"checked":' in stack.compose("run --rm cron")
    assert images() == before
