"""Code that public generators make of the events' schemas reads every golden message and loses nothing of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients import generators
from tests.clients.generators import GO, NODE, Command, copy, environment, go_program, npm_install, run
from tests.contracts.files import CONTRACTS, EVENT_TYPES, EXAMPLES, schema


def titles() -> dict[str, str]:
    """What the code of an event type is called: its schema's title."""
    return {event_type: schema(event_type, version)["title"] for event_type, version in EVENT_TYPES}


def write_examples(folder: Path) -> None:
    """Every golden message, for the programs to read."""
    named = titles()
    lines = [json.dumps({"type": named[example.event_type], "value": example.body}) for example in EXAMPLES]
    (folder / "examples.jsonl").write_text("\n".join(lines), encoding="utf-8")


def quicktype_go(folder: Path) -> Command:
    copy("quicktype_go", folder)
    schemas = _schemas(folder, "schema")
    npm_install(folder, generators.QUICKTYPE)
    options = ("--src-lang", "schema", "--lang", "go", "--package", "main", "--out", "events.go")
    run("npx", "quicktype", *options, *schemas, folder=folder)
    entries = "".join(f'\t"{title}": roundTrip[{title}],\n' for title in titles().values())
    table = f"package main\n\nvar readers = map[string]func([]byte) ([]byte, error){{\n{entries}}}\n"
    (folder / "readers.go").write_text(table, encoding="utf-8")
    return go_program(folder)


def datamodel_python(folder: Path) -> Command:
    copy("datamodel_python", folder)
    _schemas(folder, "json")
    python = environment(folder, f"datamodel-code-generator=={generators.DATAMODEL_CODE_GENERATOR}")
    options = ("--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel")
    run(python.with_name("datamodel-codegen"), "--input", "schemas", *options, "--output", "events", folder=folder)
    return [python, "sample.py"]


def _schemas(folder: Path, suffix: str) -> list[Path]:
    """Copies that are called what the code is to be called."""
    (folder / "schemas").mkdir()
    copies = []
    for event_type, version in EVENT_TYPES:
        source = CONTRACTS / "schemas" / f"{event_type}.v{version}.schema.json"
        copies.append(folder / "schemas" / f"{titles()[event_type]}.{suffix}")
        shutil.copy(source, copies[-1])
    return copies


DOCUMENT = CONTRACTS / "asyncapi" / "opsdash-support.json"


def lost(sent: Any, read: Any, path: str = "") -> Iterator[str]:
    """Where `read` is not what was sent. More members than were sent are no loss if they are null."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for name in sent.keys() | read.keys():
            yield from lost(sent.get(name), read.get(name), f"{path}/{name}")
    elif isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        for place, (one, other) in enumerate(zip(sent, read, strict=True)):
            yield from lost(one, other, f"{path}/{place}")
    elif (sent, type(sent)) != (read, type(read)) and not same_moment(sent, read):
        yield f"{path}: {sent!r} became {read!r}"


def same_moment(sent: Any, read: Any) -> bool:
    """One generated client writes microseconds, another one no more digits than are needed."""
    try:
        return "T" in sent and datetime.fromisoformat(sent) == datetime.fromisoformat(read)
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(quicktype_go, marks=[pytest.mark.needs(NODE), pytest.mark.needs(GO)]),
        pytest.param(datamodel_python),
    ],
    ids=["quicktype-go", "datamodel-code-generator"],
)
def test_every_golden_message_is_read_whole(make: Callable[[Path], Command], tmp_path: Path):
    command = make(tmp_path)
    write_examples(tmp_path)
    read = [json.loads(line) for line in run(*command, folder=tmp_path).splitlines()]
    losses = {
        example.path: found
        for example, event in zip(EXAMPLES, read, strict=True)
        if (found := list(lost(example.body, event)))
    }
    assert losses == {}


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with AsyncAPI's own parser."""
    folder = tmp_path_factory.mktemp("asyncapi")
    copy("asyncapi", folder)
    npm_install(folder, generators.ASYNCAPI_PARSER)
    return folder


def parsed(parser: Path, text: str) -> dict[str, Any]:
    (parser / "document.json").write_text(text, encoding="utf-8")
    found: dict[str, Any] = json.loads(run("node", "check.mjs", "document.json", folder=parser))
    return found


@pytest.mark.needs(NODE)
class TestAsyncApi:
    def test_its_own_parser_takes_the_document_alone(self, parser: Path):
        found = parsed(parser, DOCUMENT.read_text(encoding="utf-8"))
        assert found["complaints"] == []
        assert sorted(found["messages"]) == sorted(event_type for event_type, _ in EVENT_TYPES)
        assert found["servers"] == ["local", "production"]

    def test_its_own_parser_refuses_what_it_does_not_hold(self, parser: Path):
        text = DOCUMENT.read_text(encoding="utf-8").replace('"$ref": "#/components/schemas/Status"', '"$ref": "#/x"')
        (complaint, *_) = parsed(parser, text)["complaints"]
        assert "invalid-ref" in complaint
