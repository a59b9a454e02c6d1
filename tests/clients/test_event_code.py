"""Code that public generators make of the events' schemas reads every golden message and loses nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients import event_code, versions
from tests.clients.making import Command, copy, npm_install
from tests.clients.tools import GO, NODE, run
from tests.contracts.files import CONTRACTS, EVENT_TYPES, EXAMPLES

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
        pytest.param(event_code.quicktype_go, marks=[pytest.mark.needs(NODE), pytest.mark.needs(GO)]),
        pytest.param(event_code.datamodel_python),
    ],
    ids=["quicktype-go", "datamodel-code-generator"],
)
def test_every_golden_message_is_read_whole(make: Callable[[Path], Command], tmp_path: Path):
    command = make(tmp_path)
    event_code.write_examples(tmp_path)
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
    npm_install(folder, versions.ASYNCAPI_PARSER)
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
