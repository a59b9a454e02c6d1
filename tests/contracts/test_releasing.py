"""Releasing contracts, and planted mistakes: models, schemas and golden messages that changed together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.contracts import release
from tests.contracts.files import CONTRACTS, read_json
from tests.contracts.release import breaking_event_changes

TICKETS, USAGE = "src/opsdash_contracts/tickets.py", "src/opsdash_contracts/usage.py"
TOPIC = "topics/opsdash.support.tickets.v1.yaml"
SCHEMA = "schemas/support_ticket.updated.v1.schema.json"
EXAMPLE = "examples/support_ticket.updated/v1/replayed.json"


class Planted(NamedTuple):
    """Edits of the contracts folder, and what is said of them: nothing where they are allowed."""

    edits: list[tuple[str, str, str]]
    said: str


PLANTED = {
    "a field is removed": Planted([(TICKETS, "    bulk_id: UUID | None = None\n", "")], "/bulk_id was removed"),
    "its type is another": Planted([(TICKETS, "reopen_count: Count", "reopen_count: str")], "/reopen_count changed"),
    "it is narrower": Planted([(TICKETS, "max_length=200", "max_length=100")], "/title changed"),
    "it is required": Planted(
        [(TICKETS, "comment_count: Count | None = None", "comment_count: Count | None")],
        "/comment_count is newly required",
    ),
    "a value is removed": Planted([(TICKETS, '    WAITING = "waiting"\n', "")], "/status changed"),
    "an event type is removed": Planted(
        [
            (TICKETS, "DELETED, RESTORED, PURGED)\n", "DELETED, PURGED)\n"),
            (TOPIC, "  support_ticket.restored: [1]\n", ""),
        ],
        "support_ticket.restored.v1.schema.json was removed",
    ),
    "a version is replaced": Planted(
        [
            (USAGE, "    event_source:", "    schema_version: ClassVar[int] = 2\n    event_source:"),
            (TOPIC, "support_usage.noticed: [1]", "support_usage.noticed: [2]"),
        ],
        "support_usage.noticed.v1.schema.json was removed",
    ),
    "an optional field is added": Planted(
        [(TICKETS, "    changes: Changes\n", "    changes: Changes\n    mood: str | None = None\n")], ""
    ),
    "an event type is added": Planted(
        [
            (TICKETS, "RESTORED, PURGED)\n", 'RESTORED, PURGED, "support_ticket.merged")\n'),
            (
                TOPIC,
                "  support_ticket.restored: [1]\n",
                "  support_ticket.restored: [1]\n  support_ticket.merged: [1]\n",
            ),
        ],
        "",
    ),
    "values change places": Planted(
        [(TICKETS, '    MET = "met"\n    MISSED = "missed"\n', '    MISSED = "missed"\n    MET = "met"\n')], ""
    ),
}


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTRACTS, tmp_path / "contracts"))


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, path
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def change(path: Path, alter: Callable[[dict[str, Any]], Any]) -> None:
    document = read_json(path)
    alter(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def said_after_regenerating(contracts: Path) -> str:
    """What the check says of a folder whose generated files its own models have just written."""
    shutil.rmtree(contracts / "schemas")
    code = (
        "from opsdash_contracts import generate as g; g.write(g.FOLDER); print(g.drift(g.FOLDER)); g.main(['--check'])"
    )
    environ = os.environ | {"PYTHONPATH": str(contracts / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n", "all of it is up to date"
    return done.stderr


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_models_are_held_to_the_released_schemas(contracts: Path, planted: Planted):
    for file, before, after in planted.edits:
        edit(contracts / file, before, after)
    said = said_after_regenerating(contracts)
    assert planted.said in said if planted.said else said == ""


class TestTopics:
    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ("  support_usage.noticed: [1]\n", "", "no longer has every version of support_usage.noticed"),
            ("support_usage.noticed: [1]", "support_usage.noticed: [2]", "no longer has every version of"),
            ("\npartitions: 12", "\npartitions: 24", "has another partitions"),
            ("cleanup_policy: delete\nretention_hours: 168", "cleanup_policy: compact", "has another cleanup_policy"),
        ],
        ids=["an event", "a version", "partitions", "how it is kept"],
    )
    def test_a_released_one_may_not_lose_or_change(self, contracts: Path, before: str, after: str, said: str):
        edit(contracts / TOPIC, before, after)
        (found,) = breaking_event_changes(contracts)
        assert found.startswith("topics/opsdash.support.tickets.v1 ")
        assert said in found

    def test_a_released_one_may_not_go(self, contracts: Path):
        (contracts / TOPIC).unlink()
        assert breaking_event_changes(contracts) == ["topics/opsdash.support.tickets.v1 was removed"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("support_usage.noticed: [1]", "support_usage.noticed: [1, 2]"),
            ("  support_usage.noticed: [1]\n", "  support_usage.noticed: [1]\n  support_usage.reset: [1]\n"),
            ("consumers: [", "consumers: [billing, "),
            ("key: ticket_id", "key: id of the ticket"),
            ("retention_hours: 168", "retention_hours: 336"),
        ],
        ids=["a version", "an event", "a consumer", "words", "more time"],
    )
    def test_one_may_get_more(self, contracts: Path, before: str, after: str):
        edit(contracts / TOPIC, before, after)
        assert breaking_event_changes(contracts) == []


class TestGoldenMessages:
    def test_one_may_be_added(self, contracts: Path):
        (contracts / "examples/sla.met/v1/another.json").write_text((contracts / EXAMPLE).read_text())
        assert breaking_event_changes(contracts) == []

    def test_one_may_be_written_with_other_spaces(self, contracts: Path):
        change(contracts / EXAMPLE, lambda message: message)
        assert breaking_event_changes(contracts) == []

    def test_a_released_one_may_not_be_removed(self, contracts: Path):
        (contracts / EXAMPLE).unlink()
        assert breaking_event_changes(contracts) == [f"{EXAMPLE} was removed"]

    def test_a_released_one_may_not_change(self, contracts: Path):
        change(contracts / EXAMPLE, lambda message: message["value"].pop("bulk_id"))
        assert breaking_event_changes(contracts) == [f"{EXAMPLE} was changed"]

    @pytest.mark.parametrize(
        ("alter", "why"),
        [
            (lambda message: message["value"].update(status="parked"), "InvalidMessage"),
            (lambda message: message["headers"].pop("ce_source"), "InvalidMessage"),
            (
                lambda message: message["headers"].update(ce_dataschema="urn:opsdash:support_ticket.updated:v2"),
                "no schema version 2",
            ),
        ],
        ids=["a value", "a header", "a version"],
    )
    def test_every_released_one_is_read(self, contracts: Path, alter: Callable[[dict[str, Any]], Any], why: str):
        change(contracts / EXAMPLE, alter)
        change(contracts / "released" / EXAMPLE, alter)
        (said,) = breaking_event_changes(contracts)
        assert said.startswith(f"{EXAMPLE} is no longer read: ")
        assert why in said


class TestRelease:
    def test_stores_what_is_new(self, contracts: Path):
        shutil.rmtree(contracts / "released")
        (contracts / "released").mkdir()
        assert release.main(contracts) == 0
        assert files(contracts / "released").keys() >= files(CONTRACTS / "released").keys()

    def test_takes_an_addition(self, contracts: Path):
        change(contracts / "released" / SCHEMA, lambda schema: schema["properties"].pop("bulk_id"))
        assert release.main(contracts) == 0
        assert read_json(contracts / "released" / SCHEMA) == read_json(contracts / SCHEMA)

    @pytest.mark.parametrize(
        ("file", "alter", "why"),
        [
            (f"released/{SCHEMA}", lambda schema: schema["properties"].update(mood={}), "/mood was removed"),
            ("released/openapi.json", lambda document: document["paths"].update({"/x": {"get": {}}}), "GET /x is gone"),
            (EXAMPLE, lambda message: message["headers"].pop("ce_replayed"), f"{EXAMPLE} was changed"),
            (SCHEMA, lambda schema: schema["properties"].update(mood={}), f"{SCHEMA} is out of date"),
        ],
        ids=["an event", "the API", "a golden message", "files that are not generated anew"],
    )
    def test_stores_nothing_of_what_breaks(self, contracts: Path, capsys, file: str, alter: Any, why: str):
        change(contracts / file, alter)
        before = files(contracts / "released")
        assert release.main(contracts) == 1
        assert why in capsys.readouterr().err
        assert files(contracts / "released") == before
