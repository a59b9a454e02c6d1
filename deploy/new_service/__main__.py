"""`python -m deploy.new_service NAME`: write a service, its lines in lists, and what is generated from them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploy.new_service.edits import TICKETS_TOPIC, AnchorNotFoundError, every_edit
from deploy.new_service.names import Name, RefusedName, checked

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).parent / "template"
BIN = Path(sys.executable).parent
#: What a person says about a new service, file by file; nothing of it is needed to run or test it.
BY_HAND = {
    "README.md": "a word about it in the map",
    "CHANGELOG.md": "that it is there",
    "CODEOWNERS": "who reviews it, unless it is the team of the rest",
    "docs/explanation/architecture.md": "its row among the services: what it owns, publishes and reads",
    "deploy/observability/rules.yaml": "alerts about what it does, with their page in docs/how-to/alerts.md",
    "tests/architecture/sources.py": "how much of it each guard looks at",
}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when all is written; 1 with one line that says why nothing is, or what could not be generated."""
    try:
        name = checked(" ".join(arguments), ROOT)
        written = planned(name, ROOT)
    except RefusedName as refused:
        return _fail(str(refused))
    except AnchorNotFoundError as lost:
        return _fail(f"{lost}; nothing was written. Bring deploy/new_service/edits.py up to date")
    write(written, ROOT)
    failed = _generate(_follow_up(name, [path for path in written if path.endswith(".py")]))
    _report(name, list(written))
    return _fail(f"this failed, run it again when its reason is gone: {failed}") if failed else 0


def planned(name: Name, root: Path) -> dict[str, str]:
    """New and changed files, relative to the root, with their texts. Raises AnchorNotFoundError with the file."""
    return dict(_new_files(name, root)) | _edited(name, root)


def write(texts: Mapping[str, str], root: Path) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _new_files(name: Name, root: Path) -> Iterator[tuple[str, str]]:
    """What is there already stays: others may rely on more of a topic than the template does."""
    yield f"services/{name.dashed}/LICENSE", (root / "LICENSE").read_text(encoding="utf-8")
    for file in sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        path = name.applied(file.relative_to(TEMPLATE).as_posix())
        if not path.startswith("fragments/") and not (root / path).exists():
            yield path, name.applied(file.read_text(encoding="utf-8"))


def _edited(name: Name, root: Path) -> dict[str, str]:
    found = {}
    for path, edits in every_edit(name, root).items():
        text = before = (root / path).read_text(encoding="utf-8")
        for edit in edits:
            try:
                text = edit(text)
            except AnchorNotFoundError as lost:
                raise AnchorNotFoundError(f"{path} has no line like {lost}") from lost
        if text != before:
            found[path] = text
    return found


def _follow_up(name: Name, sources: list[str]) -> Iterator[list[str]]:
    """In order: style, the lock, the environment, and all that is generated from the catalogue and the manifests."""
    ruff, python = str(BIN / "ruff"), str(BIN / "python")
    yield [ruff, "check", "--quiet", "--select", "I", "--fix", *sources]
    yield [ruff, "format", "--quiet", *sources, f"services/{name.dashed}"]
    yield [str(BIN / "uv"), "lock", "--quiet"]
    yield [python, "-m", "opsdash_contracts.generate"]
    yield [python, "deploy/k8s/generate.py"]
    yield [python, "deploy/k8s/render.py"]


def _generate(commands: Iterator[list[str]]) -> str | None:
    """Run them up to the first that fails; that one."""
    for command in commands:
        if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603 - programs of the environment
            return " ".join(command)
    return None


def _report(name: Name, written: list[str]) -> None:
    inside = [path for path in written if path.startswith(f"services/{name.dashed}/")]
    say = sys.stdout.write
    say(f"\nservices/{name.dashed} is there: {len(inside)} files in it, {len(written) - len(inside)} beside it.\n")
    say(f"Now: make lint; make test TESTS=services/{name.dashed}; make run\n\n")
    say("It reads ticket events, as an example; what it relies on is in")
    say(f" contracts/consumers/{name.dashed}, and {TICKETS_TOPIC} lists it.\n")
    say("When the gateway is to ask it: asks=(...) in services.py of the local stack, and the gateway's settings.\n\n")
    say(f"What is left to say by hand, {len(BY_HAND)} files:\n")
    for path, what in BY_HAND.items():
        say(f"  {path:<34} {what}\n")


def _fail(message: str) -> int:
    sys.stderr.write(f"opsdash: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
