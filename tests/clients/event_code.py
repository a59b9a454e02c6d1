"""Makes code of the events' schemas with public generators, and compiles the program that reads messages with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.clients import versions
from tests.clients.making import Command, copy, environment, go_program, npm_install
from tests.clients.tools import run
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
    npm_install(folder, versions.QUICKTYPE)
    options = ("--src-lang", "schema", "--lang", "go", "--package", "main", "--out", "events.go")
    run("npx", "quicktype", *options, *schemas, folder=folder)
    entries = "".join(f'\t"{title}": roundTrip[{title}],\n' for title in titles().values())
    table = f"package main\n\nvar readers = map[string]func([]byte) ([]byte, error){{\n{entries}}}\n"
    (folder / "readers.go").write_text(table, encoding="utf-8")
    return go_program(folder)


def datamodel_python(folder: Path) -> Command:
    copy("datamodel_python", folder)
    _schemas(folder, "json")
    python = environment(folder, f"datamodel-code-generator=={versions.DATAMODEL_CODE_GENERATOR}")
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
