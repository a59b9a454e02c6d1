"""Where the committed contract files are, and how to read them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

CONTRACTS = Path(__file__).parents[2] / "contracts"


class Example(NamedTuple):
    """One golden message as it would travel."""

    path: str
    event_type: str
    version: int
    headers: list[tuple[str, bytes]]
    key: bytes
    body: dict[str, Any]

    @property
    def value(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).encode()


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def schema(event_type: str, version: int) -> dict[str, Any]:
    return read_json(CONTRACTS / "schemas" / f"{event_type}.v{version}.schema.json")


def examples(contracts: Path) -> list[Example]:
    """The golden messages below `contracts`, or below its released copy."""
    folder = contracts / "examples"
    return [_example(path, folder) for path in sorted(folder.glob("*/v*/*.json"))]


def _example(path: Path, folder: Path) -> Example:
    document = read_json(path)
    return Example(
        path=path.relative_to(folder).as_posix(),
        event_type=path.parents[1].name,
        version=int(path.parent.name.removeprefix("v")),
        headers=[(name, value.encode()) for name, value in document["headers"].items()],
        key=document["key"].encode(),
        body=document["value"],
    )


EXAMPLES = examples(CONTRACTS)
CONSUMERS = [read_json(path) for path in sorted(CONTRACTS.glob("consumers/*/*.json"))]
EVENT_TYPES = [
    (path.name.split(".v")[0], int(path.name.split(".v")[1].split(".")[0]))
    for path in sorted(CONTRACTS.glob("schemas/*.schema.json"))
]
