"""The compose stack: valid, complete, hardened, started in an order that waits, and without a secret in the file."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from opsdash_chassis.settings import MigrationSettings, ProvisionSettings, load_settings
from opsdash_gateway.sla.cron_job import CronJobSettings
from opsdash_local.apache.jars import kafka_version

from tests.architecture.sources import ROOT
from tests.support.services import NAMES, local_settings_of

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


def is_ours(service: dict[str, Any]) -> bool:
    return str(service["image"]).startswith("opsdash/")


def names_of_ours() -> list[str]:
    """The containers made from our images, by the file alone."""
    stack = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return [name for name, service in stack["services"].items() if is_ours(service)]


def services() -> dict[str, Any]:
    return dict(compose()["services"])


def ours() -> dict[str, Any]:
    """The containers made from our images."""
    return {name: service for name, service in services().items() if is_ours(service)}


pytestmark = pytest.mark.needs("docker-compose")

SERVES = {name: local_settings_of(name) for name in NAMES}
JOBS = {"provision": ProvisionSettings, "migrate": MigrationSettings, "cron": CronJobSettings}
MOUNTED = "/run/secrets/"
DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
BASES = {
    "BASE_PYTHON": "python:3.13-slim",
    "BASE_KAFKA": f"apache/kafka:{kafka_version()}",
    "BASE_POSTGRES": "postgres:18",
}
#: In the folder of secrets, and none.
NO_SECRETS = {"people", "secrets.json"}


@pytest.fixture(scope="module")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "made"
    command = [Path(sys.executable).with_name("opsdash"), "secrets", "--folder", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def environment_of(name: str, folder: Path) -> dict[str, str]:
    """As the container sees it, with the mounted secrets where they really are."""
    service = ours()[name]
    mounted = {f"{MOUNTED}{entry['target'].rpartition('/')[2]}" for entry in service.get("secrets", [])}
    found = {}
    for key, value in service["environment"].items():
        if value.startswith(MOUNTED):
            assert value in mounted, f"{name} reads {value}, which is not mounted"
        found[key] = value.replace(MOUNTED, f"{folder}/")
    return found


def entered(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    return environment


class TestSettings:
    @pytest.mark.parametrize("name", SERVES)
    def test_every_service_accepts_what_its_container_gets(
        self, name: str, secrets_folder: Path, monkeypatch: pytest.MonkeyPatch
    ):
        settings = load_settings(SERVES[name], entered(environment_of(name, secrets_folder), monkeypatch))
        assert settings.operations_port == 9000

    @pytest.mark.parametrize("name", [name for name in names_of_ours() if name.rpartition("-")[2] in JOBS])
    def test_every_job_accepts_what_its_container_gets(
        self, name: str, secrets_folder: Path, monkeypatch: pytest.MonkeyPatch
    ):
        environment = entered(environment_of(name, secrets_folder), monkeypatch)
        load_settings(JOBS[name.rpartition("-")[2]], environment)

    def test_secrets_stay_the_same_and_behind_a_private_folder(self, secrets_folder: Path):
        before = {path.name: path.read_bytes() for path in secrets_folder.iterdir()}
        command = [Path(sys.executable).with_name("opsdash"), "secrets", "--folder", str(secrets_folder)]
        subprocess.run(command, check=True, capture_output=True)
        assert {path.name: path.read_bytes() for path in secrets_folder.iterdir()} == before
        assert secrets_folder.stat().st_mode & 0o777 == 0o700
        wanted = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
        assert wanted | {"secrets.json"} == set(before)
        assert all((secrets_folder / name).stat().st_mode & 0o004 for name in wanted), "the container's user reads it"

    def test_a_secret_that_was_replaced_stays_replaced(self, tmp_path: Path):
        command = [Path(sys.executable).with_name("opsdash"), "secrets", "--folder", str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
        replaced = {path: f"new,{path.read_text()}" for path in tmp_path.iterdir() if path.name not in NO_SECRETS}
        for path, value in replaced.items():
            path.write_text(value)
        (tmp_path / "people").write_text("[]")
        subprocess.run(command, check=True, capture_output=True)
        assert {path: path.read_text() for path in replaced} == replaced
        assert (tmp_path / "people").read_text() != "[]", "whom the issuer knows comes with the release"

    def test_who_is_shown_a_token_has_a_file_of_its_own_for_it(self):
        """While it is rotated the callee knows two, and the caller shows one."""
        shown = {
            value
            for service in ours().values()
            for key, value in service["environment"].items()
            if "_TOKEN_TO_" in key or "_TOKEN_FROM_" in key
        }
        assert len(shown) == sum("_token_" in name for name in compose()["secrets"])


class TestImages:
    def test_each_is_built_by_the_one_service_that_serves_from_it(self):
        building = {name: service["image"] for name, service in services().items() if "build" in service}
        assert set(building) == set(SERVES)
        assert sorted(building.values()) == sorted({service["image"] for service in ours().values()})
        assert {service["pull_policy"] for service in ours().values()} == {"never"}

    def test_every_base_can_be_another(self):
        text = FILE.read_text(encoding="utf-8")
        for name, usual in BASES.items():
            assert f"${{{name}:-{usual}}}" in text
        assert f"ARG BASE_PYTHON={BASES['BASE_PYTHON']}\n" in DOCKERFILE.read_text(encoding="utf-8")
        given = [services()[name]["build"]["args"] for name in SERVES]
        assert {args["BASE_PYTHON"] for args in given} == {f"${{BASE_PYTHON:-{BASES['BASE_PYTHON']}}}"}


class TestSafety:
    def test_no_secret_is_in_the_file(self, secrets_folder: Path):
        text = FILE.read_text(encoding="utf-8")
        assert not [
            line for line in text.splitlines() if "PASSWORD:" in line or "_TOKEN:" in line or "_SECRET:" in line
        ]
        assert ".secrets/" in (ROOT / ".gitignore").read_text().split()

    @pytest.mark.parametrize("name", names_of_ours())
    def test_our_containers_may_do_nothing_they_need_not(self, name: str):
        service = ours()[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert "user" not in service, "the image's own user, which is not root"

    def test_only_the_gateway_is_reached_and_only_from_this_machine(self):
        published = {name: service["ports"] for name, service in services().items() if service.get("ports")}
        assert list(published) == ["gateway"]
        assert published["gateway"] == ["127.0.0.1:${PORT:-8000}-${PORT_END:-${PORT:-8000}}:8000"]
        assert compose()["networks"]["inside"]["internal"]

    def test_servers_have_a_version_and_keep_their_data(self):
        for name in ("kafka", "postgres"):
            image, _, tag = services()[name]["image"].partition(":-")[2].rstrip("}").partition(":")
            assert tag not in {"", "latest"}, image
            assert services()[name]["volumes"]
            assert services()[name]["mem_limit"]
        assert services()["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


class TestOrder:
    @pytest.mark.parametrize("name", SERVES)
    def test_a_service_waits_for_servers_topics_and_schema(self, name: str):
        needs = {other: entry["condition"] for other, entry in services()[name]["depends_on"].items()}
        assert needs["kafka"] == "service_healthy"
        assert needs["topics"] == "service_completed_successfully"
        if name != "gateway":
            assert needs[f"{name}-migrate"] == "service_completed_successfully"
            migrate = services()[f"{name}-migrate"]["depends_on"]
            assert migrate[f"{name}-provision"]["condition"] == "service_completed_successfully"
            assert services()[f"{name}-provision"]["depends_on"]["postgres"]["condition"] == "service_healthy"

    @pytest.mark.parametrize("name", ["kafka", "postgres"])
    def test_servers_have_a_health_check(self, name: str):
        assert services()[name]["healthcheck"]["test"]

    def test_the_stop_takes_as_long_as_a_service_may_need(self):
        assert {services()[name]["stop_grace_period"] for name in SERVES} == {"30s"}
