"""The tutorial "Write a consumer", followed in a folder beside a local stack."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from opsdash_local import processes
from opsdash_local.settings import DEFAULT_PORT, Ports

from tests.architecture.sources import ROOT
from tests.contracts.files import EXAMPLES
from tests.support.local_stack import demo_stack
from tests.support.repository import BIN, blocks, rows, run, text_of

TUTORIAL = "docs/tutorial/write-a-consumer.md"
MOST_LINES = 60
SHOWN = "support_ticket.created: #61 Follow me, open, version 1"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The reader's folder after the first commands and with the files saved; packages are those of the tests."""
    (tmp_path / "opsdash").mkdir()
    (tmp_path / "opsdash/contracts").symlink_to(ROOT / "contracts")
    first, *_ = blocks(TUTORIAL, "console")
    made = [line for line in first.splitlines() if not line.startswith(("python3 -m venv", ".venv/bin/pip"))]
    assert len(first.splitlines()) - len(made) == 2
    run(["sh", "-ec", "\n".join(made)], tmp_path / "opsdash")
    folder = tmp_path / "ticket-follower"
    (folder / ".venv").symlink_to(BIN.parent)
    names = re.findall(r"Save this as `(\w+\.py)`:$", text_of(TUTORIAL), re.MULTILINE)
    for name, code in zip(names, blocks(TUTORIAL, "python"), strict=True):
        (folder / name).write_text(code, encoding="utf-8")
    return folder


def test_it_installs_the_client_that_the_examples_use():
    required = (ROOT / "examples/clients/python/requirements.txt").read_text(encoding="utf-8").strip()
    assert f".venv/bin/pip install --quiet {required}\n" in blocks(TUTORIAL, "console")[0]


def test_the_consumer_is_short_and_needs_nothing_of_ours():
    consumer, unit_test = blocks(TUTORIAL, "python")
    assert len(consumer.splitlines()) <= MOST_LINES
    assert "opsdash_" not in consumer + unit_test


def test_the_headers_it_names_are_on_every_golden_message_of_tickets():
    named = {row["header"].strip("`") for row in rows(TUTORIAL, "header", "what you do with it")}
    tickets = [example for example in EXAMPLES if example.event_type.startswith("support_ticket.")]
    assert len(named) == 5
    assert all(named <= dict(example.headers).keys() for example in tickets)


def test_its_types_are_those_of_tickets():
    namespace: dict[str, set[str]] = {}
    (types,) = re.findall(r"^TYPES = .*$", blocks(TUTORIAL, "python")[0], re.MULTILINE)
    exec(types, namespace)  # noqa: S102 - our own text
    found = {example.event_type for example in EXAMPLES if example.event_type.startswith("support_ticket.")}
    assert namespace["TYPES"] == found


def test_its_unit_test_passes_without_a_broker(program: Path):
    command = blocks(TUTORIAL, "console")[1].split()
    done = subprocess.run(command, cwd=program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "OK"
    assert "Ran 4 tests" in done.stderr


@pytest.fixture
def url() -> Iterator[str]:
    with demo_stack() as stack:
        yield stack.url


@pytest.mark.storm
def test_it_shows_the_ticket_that_is_created_over_rest(program: Path, url: str):
    _, _, start, follow, create = blocks(TUTORIAL, "console")
    assert start == "make run\n"
    assert SHOWN in text_of(TUTORIAL)
    ports = Ports(int(url.rpartition(":")[2]))
    command = follow.replace(f":{Ports(DEFAULT_PORT).kafka}", f":{ports.kafka}").split()
    output = program / "output.txt"
    process = processes.spawn([program / command[0], *command[1:]], env={}, log_file=output, cwd=program)
    try:
        assert processes.wait_until(lambda: "version" in output.read_text(), timeout=30)
        run(["bash", "-ec", create.replace(f"http://127.0.0.1:{DEFAULT_PORT}", url)], program)
        assert processes.wait_until(lambda: SHOWN in output.read_text(), timeout=30), output.read_text()
    finally:
        processes.kill(process)
    assert output.read_text().count("#61") == 1
