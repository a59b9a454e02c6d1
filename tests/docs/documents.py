"""The documentation as its tests read it: tables, code, links, and what the sources say about codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import PACKAGES, ROOT, SERVICES, modules

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
            found[code] = status.value if isinstance(status, ast.Constant) else _STATUS.get(name, 503)
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
    for package in ("opsdash_chassis", *SERVICES):
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
