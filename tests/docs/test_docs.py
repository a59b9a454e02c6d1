"""What the documentation points at exists, and its examples are true."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.contracts.files import EXAMPLES, Example
from tests.support.repository import DOCUMENTS, blocks, code_of, plain, relative_links, repository_paths, rows, text_of

GUARANTEES = "docs/reference/guarantees.md"
#: Not the namespace that kubectl is told.
COMMAND = re.compile(
    r"(?<!-n )(?<![\w/.=\"-])(?:\.venv/bin/)?(opsdash(?:-[a-z]+)?)(?![\w.-])((?: +-{0,2}[a-z][\w-]*)*)"
)


def slug_of(heading: str) -> str:
    """The anchor a heading gets."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def commands() -> list[tuple[str, ...]]:
    """Every command line of ours in the code of any document, without values."""
    found = set()
    for name in DOCUMENTS:
        for code in code_of(name):
            found |= {(script, *words.split()) for script, words in COMMAND.findall(code)}
    return sorted(found)


@pytest.mark.parametrize("name", DOCUMENTS)
class TestReferences:
    def test_every_link_leads_somewhere(self, name: str):
        for path, anchor in relative_links(name):
            assert path.exists(), path
            if anchor:
                headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in map(slug_of, headings)

    def test_every_path_exists(self, name: str):
        missing = [path for path in repository_paths(name) if "<" not in path and not list(ROOT.glob(path.rstrip("/")))]
        assert missing == []

    def test_every_make_target_exists(self, name: str):
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        named = {target for code in code_of(name) for target in re.findall(r"\bmake ([a-z-]+)", code)}
        assert named <= targets

    def test_python_examples_compile(self, name: str):
        for number, code in enumerate(blocks(name, "python")):
            compile(code, f"{name}[{number}]", "exec")

    def test_json_examples_are_json(self, name: str):
        for code in blocks(name, "json"):
            json.loads(code)


def test_the_checks_see_something():
    named = {path for name in DOCUMENTS for path in repository_paths(name)}
    assert "tests/integration/test_delivery.py" in named
    assert ("opsdash-tickets", "dead-letters", "list") in commands()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_and_option_exists(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    script, *rest = words
    options = [word for word in rest if word.startswith("-")]
    subcommands = rest[: rest.index(options[0])] if options else rest
    (entry,) = entry_points(group="console_scripts", name=script)
    monkeypatch.setattr(sys, "argv", [script, *subcommands, "--help"])
    with pytest.raises(SystemExit) as ended:
        entry.load()()
    assert ended.value.code == 0
    helped = capsys.readouterr().out
    assert all(option in helped for option in options)


def test_each_guarantee_names_tests_that_exist():
    table = rows(GUARANTEES, "claim", "shown by")
    assert len(table) > 10
    for row in table:
        for file, test_class in re.findall(r"`([\w/]+\.py)`(?: \(`(\w+)`\))?", row["shown by"]):
            source = (ROOT / file).read_text(encoding="utf-8")
            assert (f"class {test_class}:" if test_class else "def test_") in source


def test_the_words_of_the_reliability_claims():
    for name in DOCUMENTS:
        assert "exactly-once" not in text_of(name).lower()
        assert "exactly once" not in text_of(name).lower()


def test_the_whole_message_is_the_golden_example():
    text = text_of("docs/reference/events.md")
    path = re.search(r"`(contracts/examples/[^`]+\.json)`", text)
    assert path is not None
    (shown,) = blocks("docs/reference/events.md", "json")
    assert json.loads(shown) == json.loads((ROOT / path[1]).read_text(encoding="utf-8"))


class TestConsumerExample:
    """The program integrators copy, run on golden messages with a database in memory."""

    @pytest.fixture
    def program(self) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "consumer"}
        exec(compile(blocks("docs/how-to/integrate.md", "python")[0], "consumer", "exec"), namespace)  # noqa: S102 - our own text
        namespace["database"] = sqlite3.connect(":memory:")
        namespace["database"].executescript(namespace["TABLES"])
        return namespace

    def apply(self, program: dict[str, Any], example: Example, **changed: Any) -> str:
        record = {"topic": "t", "partition": 0, "offset": 7, "headers": example.headers}
        message = SimpleNamespace(**{**record, "key": example.key, "value": example.value, **changed})
        return program["apply"](program["database"], message)

    def test_applies_every_golden_message_once(self, program: dict[str, Any]):
        ids = {dict(example.headers)["ce_id"] for example in EXAMPLES}
        first = [self.apply(program, example) for example in EXAMPLES]
        assert first.count("applied") == len(ids)
        assert {self.apply(program, example) for example in EXAMPLES} == {"seen before"}

    def test_keeps_the_newest_state_when_an_older_event_comes_late(self, program: dict[str, Any]):
        versioned = [one for one in EXAMPLES if "version" in one.body]
        for example in sorted(versioned, key=lambda one: -int(one.body["version"])):
            self.apply(program, example)
        newest = max((one for one in versioned if "ticket_id" in one.body), key=lambda one: one.body["version"])
        found = program["database"].execute("SELECT version FROM tickets WHERE id = ?", [newest.body["ticket_id"]])
        assert found.fetchone() == (newest.body["version"],)

    def test_sets_bad_messages_aside_and_passes_unknown_types(self, program: dict[str, Any]):
        example = EXAMPLES[0]
        assert self.apply(program, example, value=b"{") == "set aside"
        assert program["database"].execute("SELECT place, reason FROM set_aside").fetchall() == [("t:0:7", "bad-json")]
        unknown = {"ce_type": b"a.new.one", "ce_dataschema": b"urn:opsdash:a.new.one:v1"}
        headers = list((dict(example.headers) | unknown).items())
        assert self.apply(program, example, headers=headers) == "unknown type"


def test_the_dead_letter_reasons_of_the_page_are_those_of_the_code():
    chassis = ROOT / "services/chassis/src/opsdash_chassis"
    sources = "".join(
        (chassis / name).read_text(encoding="utf-8")
        for name in ("consuming/middlewares/dead_letter.py", "consuming/inbox_repository.py")
    )
    for reason in ("content-changed", "handler-failed"):
        assert plain(f"`{reason}`") in text_of("docs/how-to/operate.md")
        assert f'"{reason}"' in sources


LONG = ("console", "make test-browsers")


@pytest.mark.parametrize("file", sorted((ROOT / "tests/browser").glob("test_*.py")), ids=lambda file: file.stem)
def test_a_guarantee_names_the_command_that_runs_its_test(file: Path):
    marker, command = LONG
    is_long = f"pytestmark = pytest.mark.{marker}" in file.read_text(encoding="utf-8")
    path = re.escape(f"`{file.relative_to(ROOT).as_posix()}`")
    for commands in re.findall(rf"{path}(?: \(`(make [^`]+)`\))?", text_of(GUARANTEES)):
        assert commands == (command if is_long else "")
