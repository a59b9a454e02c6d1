"""The tutorial "Add a field", followed in a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opsdash_local import processes
from opsdash_local.settings import DEFAULT_PORT

from tests.support.local_stack import RunningStack, free_block, nothing_listens
from tests.support.repository import BIN, ROOT, blocks, check_diffs, copied, enter, follow, run, sources

TUTORIAL = "docs/tutorial/add-a-field.md"
SPANISH = "services/gateway/src/opsdash_gateway/locale/es/messages.po"
#: Opens a sign-in link, then the ticket's page, as a browser does.
SIGN_IN = """
curl -s -L -c cookies -b cookies -o /dev/null "$1"
curl -s -L -c cookies -b cookies "$2/en/org/brightside/support/61"
"""
GOLDEN = "contracts/examples/support_ticket.updated/v1"


def test_its_field_is_not_there_yet():
    assert "estimate" not in (ROOT / "contracts/src/opsdash_contracts/tickets.py").read_text(encoding="utf-8")


def test_its_changes_still_apply(tmp_path: Path):
    golden = {f"{GOLDEN}/estimate-given.json": f"{GOLDEN}/due-time-moved-by-hand.json"}
    check_diffs(TUTORIAL, tmp_path, golden)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository with the field, but without its tests."""
    folder = copied(tmp_path_factory.mktemp("copy") / "opsdash")
    follow(TUTORIAL, folder, until="Tests", catalogue=SPANISH)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.storm
class TestTutorial:
    def test_the_events_stay_compatible(self, copy: Path):
        enter(".venv/bin/python -m opsdash_contracts.generate --check", copy)
        golden = json.loads((copy / GOLDEN / "estimate-given.json").read_text(encoding="utf-8"))
        assert golden["value"]["estimate_minutes"] == 90

    def test_the_unit_tests_and_contracts_pass(self, copy: Path):
        enter(blocks(TUTORIAL, "console")[-4], copy)

    @pytest.mark.needs("ruff")
    def test_its_code_is_in_our_style(self, copy: Path):
        run([BIN / "ruff", "check", "services", "contracts"], copy)
        run([BIN / "ruff", "format", "--check", "services", "contracts"], copy)

    def test_a_ticket_has_it_over_rest_in_its_event_and_in_the_console(self, copy: Path, tmp_path: Path):
        start, create, watch = blocks(TUTORIAL, "console")[-3:]
        assert start == "make run\n"
        port, events = free_block(), tmp_path / "events.txt"
        environ = sources(copy) | {"PORT": str(port)}
        command = [sys.executable, "-m", "opsdash_local.cli", "run"]
        stack = RunningStack(tmp_path, port, command=command, cwd=copy, **sources(copy))
        try:
            stack.wait_ready()
            said = run(["bash", "-ec", create.replace(f":{DEFAULT_PORT}/", f":{port}/")], copy)
            assert '"number":61,' in said
            assert '"estimate_minutes":90' in said
            watching = processes.spawn(
                watch.replace(".venv/bin/", f"{BIN}/").split(), env=os.environ | environ, log_file=events, cwd=copy
            )
            assert processes.wait_until(lambda: "Estimate me" in events.read_text(), timeout=30)
            processes.kill(watching)
            (line,) = [line for line in events.read_text().splitlines() if "Estimate me" in line]
            assert '"estimate_minutes":90' in line.replace(" ", "")
            page = run(["bash", "-ec", SIGN_IN, "bash", self._link(stack), f"http://127.0.0.1:{port}"], tmp_path)
            assert re.search(r">Estimate</span><span class=\"value\">90 minutes<", page)
        finally:
            stack.stop()
            assert processes.wait_until(lambda: nothing_listens(port), timeout=30)

    def _link(self, stack: RunningStack) -> str:
        match = re.search(r"http://\S+/dev/sign-in/\S+", stack.text())
        assert match, stack.text()
        return match[0]
