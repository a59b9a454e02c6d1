"""The image recipe: linted, and its install steps make an environment of one service, without tools."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
INSTALL = ROOT / "deploy" / "docker" / "install.sh"
#: Of ours, what a service without tenants of its own stands on.
BELOW = {"opsdash_contracts", "opsdash_chassis", "opsdash_http"}
BUILD_TOOLS = {"hatchling", "uv", "setuptools", "wheel", "pytest", "mypy"}


def final_stage() -> str:
    return DOCKERFILE.read_text(encoding="utf-8").rpartition("\nFROM ")[2]


class TestDockerfile:
    def test_the_linter_finds_nothing(self):
        command = [Path(sys.executable).with_name("hadolint"), DOCKERFILE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")

    def test_the_base_can_be_named_and_nothing_of_it_is_in_the_image_by_itself(self):
        text = DOCKERFILE.read_text(encoding="utf-8")
        assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE_PYTHON}", "scratch"]

    def test_the_last_stage_runs_as_a_numbered_user_and_only_copies(self):
        stage = final_stage()
        assert re.search(r"^USER [1-9]\d{3,}:[1-9]\d{3,}$", stage, re.MULTILINE)
        assert re.findall(r"^(?:COPY|ADD|RUN) .*$", stage, re.MULTILINE) == ["COPY --from=build /rootfs /"]

    def test_an_engine_of_debian_12_can_read_it(self):
        """It knows no `--start-interval` and no syntax of later front ends."""
        text = DOCKERFILE.read_text(encoding="utf-8")
        assert not re.search(r"--start-interval|--mount=|<<|^# *syntax", text, re.MULTILINE)

    def test_it_writes_no_byte_code_so_the_install_steps_do_unless_told_otherwise(self):
        assert "PYTHONDONTWRITEBYTECODE=1" in final_stage()
        assert 'UV_COMPILE_BYTECODE="${UV_COMPILE_BYTECODE:-1}"' in INSTALL.read_text(encoding="utf-8")

    def test_the_health_check_is_our_own_command(self):
        assert 'CMD ["opsdash-health"]' in final_stage()
        assert "curl" not in DOCKERFILE.read_text(encoding="utf-8")

    def test_the_engine_gets_only_what_is_copied(self):
        ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
        allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
        assert "*" in ignored
        assert allowed == {
            "pyproject.toml", "uv.lock", "contracts", "services",
            "deploy/bootstrap", "deploy/local", "deploy/sbom.py", "deploy/docker/install.sh", "deploy/docker/rootfs.py",
        }  # fmt: skip


def installed(service: str, target: Path) -> Path:
    """What the build stage makes of one service."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
    command = ["sh", INSTALL, service, target]
    trial = inherited | {"UV_COMPILE_BYTECODE": "0"}  # ten seconds for what no test here looks at
    done = subprocess.run(command, env=trial, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed("sla-monitor", tmp_path_factory.mktemp("image") / "opsdash")


def packages_of_ours(environment: Path) -> set[str]:
    (packages,) = environment.glob("lib/python*/site-packages")
    return {path.name for path in packages.glob("opsdash_*") if path.suffix != ".dist-info"}


def started(environment: Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The image's command in an empty folder, with no other settings than these."""
    return subprocess.run(
        [environment / "bin" / "opsdash-service", "serve"],
        cwd=folder, env={"PATH": "/usr/bin"} | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.storm
@pytest.mark.timeout(300)  # a machine that builds it for the first time downloads everything
class TestInstallSteps:
    def test_one_service_and_what_it_stands_on_are_in_it(self, environment: Path):
        (packages,) = environment.glob("lib/python*/site-packages")
        assert packages_of_ours(environment) == {*BELOW, "opsdash_sla_monitor"}
        assert not [path for path in packages.glob("*.dist-info") if path.name.partition("-")[0] in BUILD_TOOLS]
        assert not list(packages.glob("*.pth")), "nothing points back to the sources"

    def test_its_entry_point_starts_without_the_sources(self, environment: Path, tmp_path: Path):
        """The catalogue of topics is inside; a start without settings names them and ends with 2."""
        done = started(environment, tmp_path)
        assert done.returncode == 2
        assert "configuration: OPSDASH_DATABASE_URL: is missing" in done.stderr

    def test_its_bill_of_materials_has_what_is_installed_and_nothing_else(self, environment: Path):
        (packages,) = environment.glob("lib/python*/site-packages")
        installed = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}
        components = json.loads((environment / "sbom.cdx.json").read_text(encoding="utf-8"))["components"]
        assert {re.sub(r"[-.]", "_", one["name"].lower()) for one in components} == installed
        assert all(one.get("licenses") for one in components)


@pytest.mark.storm
@pytest.mark.timeout(300)
class TestGateways:
    """The one that production gets has no development issuer; the one of compose and test clusters has it."""

    def test_the_gateway_is_without_it_and_says_so(self, tmp_path: Path):
        environment = installed("gateway", tmp_path / "opsdash")
        assert packages_of_ours(environment) == {*BELOW, "opsdash_tenancy", "opsdash_gateway"}
        done = started(environment, tmp_path, OPSDASH_DEV_PEOPLE_FILE="/nowhere")
        assert done.returncode == 2
        assert "configuration: OPSDASH_DEV_PEOPLE_FILE: unknown setting; the development issuer is" in done.stderr

    def test_the_local_gateway_has_it_and_serves_without_the_packages_of_the_stack(self, tmp_path: Path):
        environment = installed("local-gateway", tmp_path / "opsdash")
        assert packages_of_ours(environment) == {*BELOW, "opsdash_tenancy", "opsdash_gateway", "opsdash_local"}
        done = started(environment, tmp_path, OPSDASH_PROFILE="local", OPSDASH_DEV_PEOPLE_FILE="/nowhere")
        assert done.returncode == 2
        assert "OPSDASH_PUBLIC_URL: is missing" in done.stderr
        assert "DEV_PEOPLE_FILE" not in done.stderr
        served = "import opsdash_local.gateway.app; from opsdash_local.dev_issuer.pages import styles; styles()"
        command = [environment / "bin" / "python", "-I", "-c", served]
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
