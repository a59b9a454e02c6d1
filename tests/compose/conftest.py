"""The compose stack as its operator has it: a copy of the repository, `make compose`, and the commands of the page.

One stack for the whole tier; at the end, what stood in for images of the registry.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from opsdash_contracts.workspace import Plate
from opsdash_local.demo.workspace import MAIN_ORG, org_id, user_id
from opsdash_local.ports import free_port

from tests.compose import stand_ins
from tests.support.repository import copied, run_make

PROJECT = "opsdash-tier"
VERSION = "tier"
#: With those of the section about upgrades.
TAGS = {VERSION, "before", "next"}
CONSUMER = "/opt/kafka/bin/kafka-console-consumer.sh"
TICKETS = f"/api/orgs/{MAIN_ORG}/tickets"
DOWN = "--profile '*' down --volumes --remove-orphans --timeout 5"
T = TypeVar("T")


@dataclass
class ComposeStack:
    """Under a project name, a port and an image tag of its own, beside whatever else the engine runs."""

    folder: Path
    port: int
    bases: dict[str, str]
    version: str = VERSION

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        chosen = {"COMPOSE_PROJECT_NAME": PROJECT, "PORT": str(self.port), "OPSDASH_VERSION": self.version}
        return os.environ | self.bases | chosen

    def make(self) -> str:
        """`make compose` as a stranger calls it."""
        variables = self.bases | {"COMPOSE_PROJECT_NAME": PROJECT, "PORT": self.port, "OPSDASH_VERSION": self.version}
        return run_make(
            " ".join(["make compose", *(f"{name}={value}" for name, value in variables.items())]), self.folder
        )

    def shell(self, code: str, *, fails: bool = False) -> str:
        """Lines of the page, in the folder it names; the first that fails ends them."""
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", code], cwd=self.folder / "deploy", env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) == fails, f"{code}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def compose(self, words: str) -> str:
        return self.shell(f"docker compose {words}")

    def containers(self, service: str) -> list[str]:
        return self.compose(f"ps --all --quiet {service}").split()

    def inspect(self, container: str) -> dict[str, Any]:
        (found,) = json.loads(self.shell(f"docker inspect {container}"))
        return dict(found)

    def up(self) -> None:
        """Wait until everything that should run is healthy."""
        self.compose("up --detach --wait")

    def python(self, service: str, program: str) -> str:
        """Run a program inside a container, which has no shell."""
        return self.shell(f"docker compose exec -T {service} python - <<'END'\n{program}\nEND\n")

    def secret(self, name: str) -> Path:
        return self.folder / ".secrets" / name

    def sql(self, database: str, statement: str) -> list[str]:
        options = "--username=postgres --tuples-only --no-align"
        return self.shell(
            f"docker compose exec -T postgres psql {options} --dbname={database} <<'END'\n{statement}\nEND\n"
        ).splitlines()

    def records(self, topic: str, *, wait_ms: int = 6000) -> list[str]:
        """What Kafka's own client in its container reads from the beginning of a topic, with headers."""
        options = f"--topic {topic} --from-beginning --timeout-ms {wait_ms} --formatter-property print.headers=true"
        said = self.shell(f"docker compose exec -T kafka {CONSUMER} --bootstrap-server localhost:9092 {options} 2>&1")
        return [line for line in said.splitlines() if "ce_id:" in line]

    def give_room(self) -> None:
        """The largest plan for the org that everybody works in."""
        room = {"slug": MAIN_ORG, "name": "Brightside Studio", "plate": Plate.AGENCY, "version": 2}
        token = {"Authorization": f"Bearer {self.secret('workspace_token').read_text()}"}
        path = f"/api/workspace/org/{org_id(MAIN_ORG)}"
        answer = requests.put(f"{self.url}{path}", json=room, headers=token, timeout=20)
        assert answer.ok, answer.text

    def token(self, person: str = "maya") -> str:
        answer = requests.post(f"{self.url}/dev/token", json={"user_id": user_id(person)}, timeout=20)
        return str(answer.json()["access_token"])

    def create(self, title: str) -> dict[str, Any]:
        return self.call("POST", TICKETS, json={"title": title, "priority": "high"})

    def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """As Maya; anything but success fails the test."""
        headers = {"Authorization": f"Bearer {self.token()}"} | arguments.pop("headers", {})
        answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=20, **arguments)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())


def started(folder: Path, port: int, bases: dict[str, str]) -> ComposeStack:
    """From a copy of the working tree."""
    stack = ComposeStack(copied(folder), port, bases)
    stack.compose(DOWN)  # what an interrupted run left has other secrets
    print(stack.make())
    stack.give_room()
    return stack


def removed(stack: ComposeStack) -> None:
    """Containers, networks, data, and the images of the run."""
    stack.compose(DOWN)
    made = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", "--filter=reference=opsdash/*").split()
    docker("image", "rm", "--force", *(name for name in made if name.rpartition(":")[2] in TAGS))


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)  # noqa: S607 - the path's
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def eventually(look: Callable[[], T], enough: Callable[[T], bool], *, seconds: float = 90) -> T:
    deadline = time.monotonic() + seconds
    while not enough(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/compose/" in item.path.as_posix():
            item.add_marker("compose")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    stack = started(tmp_path_factory.mktemp("stranger"), free_port(), stand_ins.chosen())
    yield stack
    removed(stack)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in stand_ins.said:
        terminalreporter.write_line(line, yellow=True)
