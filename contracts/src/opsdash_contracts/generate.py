"""`python -m opsdash_contracts.generate [--check]`: write schemas and the AsyncAPI document, or report drift.

It refuses to write a schema that breaks the released one of the same version, and to leave a released one out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from opsdash_contracts import asyncapi, schemas
from opsdash_contracts.compatibility import broken_promises

FOLDER: Final = Path(__file__).parents[2]


def documents() -> dict[str, str]:
    """Every generated file of the contracts folder, by its path there."""
    made = {f"schemas/{name}": schema for name, schema in schemas.all_schemas().items()}
    made["asyncapi/opsdash-support.json"] = asyncapi.document()
    return {path: _text(content) for path, content in made.items()}


def drift(folder: Path) -> list[str]:
    """Generated files whose committed text is not what today's models say."""
    wanted = documents()
    present = {path.relative_to(folder).as_posix() for path in folder.glob("schemas/*.json")}
    orphans = sorted(present - wanted.keys())
    differing = [path for path, text in wanted.items() if _committed(folder / path) != text]
    return [f"{path} has no model" for path in orphans] + [f"{path} is out of date" for path in differing]


def breaks(folder: Path) -> list[str]:
    """What today's models would break for those who rely on the released schemas."""
    released = {path.name: json.loads(path.read_bytes()) for path in sorted(folder.glob("released/schemas/*.json"))}
    return broken_promises(released, schemas.all_schemas())


def write(folder: Path) -> None:
    for path, text in documents().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    parser = argparse.ArgumentParser(prog="python -m opsdash_contracts.generate")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is out of date")
    only_check = parser.parse_args(arguments).check
    problems = breaks(folder) + (drift(folder) if only_check else [])
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if not problems and not only_check:
        write(folder)
    return 1 if problems else 0


def _committed(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
