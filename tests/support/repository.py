"""The repository as tests read it: a copy with commands in it, documents, tutorials, rendered manifests."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.k8s.render import OVERLAYS, RENDERED
from tests.architecture.sources import LIBRARIES, PACKAGES, SERVICES, modules
from tests.support.local_stack import OWN

ROOT = Path(__file__).parents[2]
#: The environment that runs the tests; packages of a copy go before its own.
BIN = Path(sys.executable).parent


def run(command: Sequence[str | Path], folder: Path, *, fails: bool = False, **environ: str) -> str:
    """Output of a program that must succeed, or fail, in a shell without settings of a developer's stack."""
    inherited = {name: value for name, value in os.environ.items() if name not in {*OWN, "VIRTUAL_ENV"}}
    kept = {name: value for name, value in inherited.items() if not name.startswith(("PYTEST_", "UV_", "OPSDASH_"))}
    done = subprocess.run(command, cwd=folder, env=kept | environ, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def copied(folder: Path) -> Path:
    """The repository as it is in the working tree, every file added to a git repository of its own."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    run(["git", "init", "--quiet"], folder)
    run(["git", "add", "--all"], folder)
    return folder


def run_make(line: str, folder: Path, *, fails: bool = False) -> str:
    """A `make` command of a document in a copy, with the packages of this environment and the sources of the copy."""
    make, target, *variables = line.split()
    assert make == "make", line
    prepared = [f"--old-file={name}" for name in ("sync", "needed-run", "needed-test", "needed-lint")]
    return run([make, *prepared, target, *variables, f"BIN={BIN}"], folder, fails=fails, **sources(folder))


def sources(folder: Path) -> dict[str, str]:
    """The environment in which Python imports the packages of a copy."""
    found = [*folder.glob("services/*/src"), folder / "contracts/src", folder / "deploy/local/src"]
    return {"PYTHONPATH": os.pathsep.join(map(str, sorted(found)))}


FOLDERS = (".", "docs/**", "contracts", "services/*", "deploy/local", "benchmarks", ".github")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path
    for folder in FOLDERS
    for path in sorted(ROOT.glob(f"{folder}/*.md"))
    if path.name != "RESULTS.md"  # written by make bench
}
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
#: What a helper that makes a problem answers with, when its call does not say.
_STATUS = {"bad_request": 400, "_parameter_problem": 400, "forbidden": 403, "conflict": 409, "_report": 503}
_PLACE_OF_CODE = {"Problem": 0, "bad_request": 0, "forbidden": 0, "conflict": 0, "_parameter_problem": 1, "_report": 1}
_MAKES_FIELD_ERRORS = ("FieldError", "FieldProblem", "_rule", "_refused", "_parameter_problem")


def text_of(name: str) -> str:
    return DOCUMENTS[name].read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return [body for kind, body in _FENCED.findall(text_of(name)) if kind == language]


def code_of(name: str) -> list[str]:
    """Every inline code span and every line of fenced code."""
    text = text_of(name)
    fenced = [line for _, body in _FENCED.findall(text) for line in body.splitlines()]
    return _INLINE.findall(_FENCED.sub("", text)) + fenced


def rows(name: str, *header: str) -> list[dict[str, str]]:
    """The rows of all tables with that header, cells without backticks around them."""
    found, columns = [], ""
    wanted = f"| {' | '.join(header)} |"
    for line in text_of(name).splitlines():
        if line.startswith("|---") or not line.startswith("|"):
            columns = columns if line.startswith("|---") else ""
        elif columns == wanted:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            found.append(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
        elif not columns:
            columns = line
    return found


def plain(cell: str) -> str:
    """A cell that is one code span, without its backticks."""
    return cell.strip("`")


def problem_codes() -> dict[str, int]:
    """Code → status of every problem the sources can answer with, but for bare statuses of the framework."""
    found: dict[str, int] = {}
    for call in _calls(*_PLACE_OF_CODE):
        name, place = _name(call), _PLACE_OF_CODE[_name(call)]
        code = _text(call, place)
        if code is not None:
            status = call.args[2] if name == "Problem" and len(call.args) > 2 else None
            given = status.value if isinstance(status, ast.Constant) else None
            found[code] = given if isinstance(given, int) else _STATUS.get(name, 503)
    return found | dict.fromkeys(_codes_of_errors(), 503)


def field_codes() -> set[str]:
    found = {code for call in _calls(*_MAKES_FIELD_ERRORS) if (code := _text(call, 1))}
    found |= {
        str(keyword.value.value)
        for call in _calls("FieldError")
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    from opsdash_gateway.workspace.entities import _CODES

    return found | {code for code, _ in _CODES.values()}


def message_codes() -> set[str]:
    """Codes of InvalidMessage and of its child."""
    trees = [module.tree for module in modules("opsdash_contracts")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = {_text(call, 0) for call in calls if _name(call) in {"InvalidMessage", "__init__"}}
    return {code for code in found if code}


def _codes_of_errors() -> Iterator[str]:
    """`code = "..."` in the errors that become 503."""
    tree = ast.parse((PACKAGES["opsdash_chassis"] / "errors.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield ast.literal_eval(node.value)


def _calls(*names: str) -> Iterator[ast.Call]:
    for package in (*LIBRARIES, *SERVICES):
        for module in modules(package):
            yield from (node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and _name(node) in names)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _text(call: ast.Call, place: int) -> str | None:
    argument = call.args[place] if len(call.args) > place else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def repository_paths(name: str) -> Iterator[str]:
    """Code spans that name something in the repository, but for the hidden folders that only a run makes."""
    folders = [path.name for path in ROOT.iterdir() if path.is_dir()]
    tops = "|".join(re.escape(name) for name in folders if name[0] != "." or name in {".ci", ".github"})
    for code in code_of(name):
        yield from re.findall(rf"(?:^|(?<=\s)|(?<=\./))((?:{tops})/[\w./*<>-]*)", code)


def relative_links(name: str) -> Iterator[tuple[Path, str]]:
    """Target file and anchor of every link that stays in the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (DOCUMENTS[name].parent / path if path else DOCUMENTS[name]).resolve(), anchor


_STEP = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def diffs(tutorial: str) -> dict[str, str]:
    """The patches of a page by the names under which it has them saved."""
    names = re.findall(r"\bas\s`(\w+\.diff)`:$", text_of(tutorial), re.MULTILINE)
    return dict(zip(names, blocks(tutorial, "diff"), strict=True))


def save_diffs(tutorial: str, folder: Path) -> None:
    for name, diff in diffs(tutorial).items():
        (folder / name).write_text(diff, encoding="utf-8")


def check_diffs(tutorial: str, folder: Path, made_from: Mapping[str, str] | None = None) -> None:
    """Every patch applies to the files of today; a file that the page makes first is made from another one."""
    sources_of = made_from or {}
    for diff in diffs(tutorial).values():
        for path in re.findall(r"^--- a/(.+)$", diff, re.MULTILINE):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / sources_of.get(path, path), folder / path)
    run(["git", "init", "--quiet"], folder)
    save_diffs(tutorial, folder)
    for name in diffs(tutorial):
        run(["git", "apply", "--check", name], folder)


def enter(commands: str, folder: Path) -> None:
    """A block of commands in a copy of the repository; each must succeed."""
    for command in commands.splitlines():
        if command.startswith("make "):
            run_make(command, folder)
        else:
            run(["bash", "-ec", command.replace(".venv/bin/", f"{BIN}/")], folder, fails=False, **sources(folder))


def translations(tutorial: str) -> list[str]:
    """The filled-in entries of a catalogue."""
    (entries,) = blocks(tutorial, "po")
    return [entry.removeprefix("#, python-format\n") for entry in entries.strip().split("\n\n")]


def fill_in(tutorial: str, catalogue: Path) -> None:
    """Write the page's translations where the catalogue has none."""
    text = catalogue.read_text(encoding="utf-8")
    for entry in translations(tutorial):
        empty = re.sub(r'^(msgstr\S*) ".*"$', r'\1 ""', entry, flags=re.MULTILINE)
        assert text.count(empty) == 1, entry
        text = text.replace(empty, entry)
    catalogue.write_text(text, encoding="utf-8")


def follow(tutorial: str, folder: Path, *, until: str, catalogue: str = "") -> None:
    """Everything above a heading, in the order of the page; `catalogue` is the one that its translations are for."""
    save_diffs(tutorial, folder)
    for kind, body in _STEP.findall(text_of(tutorial).partition(f"\n## {until}\n")[0]):
        if kind == "console":
            enter(body, folder)
        elif kind == "po":
            fill_in(tutorial, folder / catalogue)


__all__ = ["OVERLAYS", "Manifest", "loaded", "named", "of_kind", "pods", "rendered"]

Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    return loaded((RENDERED / f"{overlay}.yaml").read_text(encoding="utf-8"))


def loaded(text: str) -> tuple[Manifest, ...]:
    return tuple(yaml.load_all(text, yaml.CSafeLoader))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in rendered(overlay) if manifest["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Manifest:
    (found,) = (manifest for manifest in of_kind(overlay, kind) if manifest["metadata"]["name"] == name)
    return found


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """Name and pod template of everything of ours that runs."""
    for manifest in of_kind(overlay, "Deployment", "Job", "CronJob"):
        spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
        yield manifest["metadata"]["name"], spec["template"]
