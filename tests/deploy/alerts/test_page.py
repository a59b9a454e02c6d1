"""The page about alerts: a section for each with what it means and what to do, and commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.deploy.alerts import suites
from tests.support.repository import blocks, of_kind, text_of
from tests.support.requirements import said_by_promtool

PAGE = "docs/how-to/alerts.md"
PARTS = ["Means", "Look", "Do"]
LINES = sorted({line for block in blocks(PAGE, "") for line in block.splitlines()})
COMPOSE = [line for line in LINES if line.startswith("docker compose ")]
KUBECTL = [line for line in LINES if line.startswith("kubectl ")]
#: A server that is not there: what is wrong with a command is said before it is asked for.
NOBODY = "127.0.0.1:1"


def sections(text: str) -> dict[str, str]:
    """Heading of the third level → what stands under it."""
    parts = re.split(r"^(#{2,3}) (.*)$", text, flags=re.MULTILINE)[1:]
    return {parts[i + 1]: parts[i + 2] for i in range(0, len(parts), 3) if parts[i] == "###"}


def lacking(section: str) -> list[str]:
    """What an alert's section does not have."""
    found = re.findall(r"^\*\*(\w+):\*\*", section, re.MULTILINE)
    commands = {"docker": "docker compose", "kubectl": "kubectl"}
    return [part for part in PARTS if part not in found] + [
        name for name, start in commands.items() if not re.search(rf"^{start} ", section, re.MULTILINE)
    ]


class TestSections:
    def test_every_alert_has_one_and_no_other_is_there(self):
        assert sorted(sections(text_of(PAGE))) == sorted(suites.ALERTS)

    @pytest.mark.parametrize("alert", suites.ALERTS)
    def test_it_says_what_it_means_and_what_to_do_by_which_commands(self, alert: str):
        section = sections(text_of(PAGE))[alert]
        assert lacking(section) == []

    def test_a_section_without_a_way_out_is_seen(self):
        text = "### Gone\n\n**Means:** nothing is left.\n\n```\nkubectl get pods\n```\n\n## Next\n"
        assert lacking(sections(text)["Gone"]) == ["Look", "Do", "docker"]

    def test_every_cause_of_the_table_is_an_alert(self):
        table = re.findall(r"^\| (`.*) \| (.*) \|$", text_of(PAGE), re.MULTILINE)
        named = set(re.findall(r"`([A-Z]\w+)`", " ".join(cell for row in table for cell in row)))
        assert len(table) > 3
        assert named <= set(suites.ALERTS)


def complaint(command: list[str], **environ: str) -> str:
    """The last line that a program without a server ends with."""
    done = subprocess.run(
        command, env={**os.environ, **environ}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    return done.stderr.strip()


class TestCommands:
    @pytest.mark.needs("docker-compose")
    @pytest.mark.parametrize("line", COMPOSE)
    def test_compose_takes_it(self, line: str, tmp_path: Path):
        program = str(Path(sys.executable).with_name("docker-compose"))
        said = complaint(
            [program, *shlex.split(line)[2:]],
            COMPOSE_FILE="deploy/compose.yaml",
            DOCKER_HOST=f"tcp://{NOBODY}",
            DOCKER_CONFIG=str(tmp_path),
        )
        assert "connect to the docker API" in said or "Cannot connect to the Docker daemon" in said, said

    @pytest.mark.needs("kubectl")
    @pytest.mark.parametrize("line", KUBECTL)
    def test_kubectl_takes_it(self, line: str, tmp_path: Path):
        program = shutil.which("kubectl")
        assert program
        first, *rest = shlex.split(line)[1:]
        said = complaint([program, f"--server=http://{NOBODY}", first, *rest], KUBECONFIG=str(tmp_path / "none"))
        assert f"{NOBODY}: connect: connection refused" in said or f"{NOBODY} was refused" in said, said

    def test_every_line_is_one_of_these(self):
        assert set(LINES) - {*COMPOSE, *KUBECTL} == {"export COMPOSE_FILE=deploy/compose.yaml"}

    def test_its_services_are_those_of_the_compose_stack(self):
        there = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))["services"]
        named = {
            name for line in COMPOSE for name in re.findall(r"^docker compose (?:exec|restart|start|stop) (\S+)", line)
        }
        named |= {name for line in COMPOSE for name in re.findall(r"^docker compose run --rm (\S+)", line)}
        assert "tickets" in named
        assert named <= there.keys()

    def test_its_objects_are_those_of_the_cluster(self):
        kinds = {"deployment": "Deployment", "hpa": "HorizontalPodAutoscaler", "cronjob": "CronJob"}
        kinds |= {"networkpolicy": "NetworkPolicy", "kafka": "Kafka", "clusters.postgresql.cnpg.io": "Cluster"}
        pattern = rf"\b({'|'.join(map(re.escape, kinds))})[/ ]([a-z][a-z-]+)\b"
        named = {found for line in KUBECTL for found in re.findall(pattern, line)}
        assert len(named) > 5
        for kind, name in named:
            assert name in [one["metadata"]["name"] for one in of_kind("production", kinds[kind])]

    @pytest.mark.needs("promtool")
    def test_prometheus_takes_the_scrape_configuration(self, tmp_path: Path):
        (block,) = blocks(PAGE, "yaml")
        (tmp_path / "prometheus.yaml").write_text(block)
        shutil.copy(suites.FILE, tmp_path)
        assert said_by_promtool("check", "config", tmp_path / "prometheus.yaml") == ""
