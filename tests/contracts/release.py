"""`python -m tests.contracts.release`: store today's contracts as the released ones, unless they break those.

contracts/released/ has the OpenAPI document, the topics, the JSON Schema of every event and the golden messages.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from opsdash_contracts import generate
from opsdash_gateway.rest.openapi import Document

from tests.contracts import event_compatibility, rest_compatibility
from tests.contracts.files import CONTRACTS
from tests.support.published import published_document


def obstacles(contracts: Path, document: Document) -> list[str]:
    """Why today's contracts cannot be released: what they would break, and generated files that are out of date."""
    released = contracts / "released" / "openapi.json"
    rest = rest_compatibility.breaking_changes(json.loads(released.read_bytes()), document) if released.exists() else []
    return [*rest, *event_compatibility.breaking_changes(contracts), *generate.drift(contracts)]


def store(contracts: Path, document: Document) -> None:
    released = contracts / "released"
    for folder in ("schemas", "topics", "examples"):
        shutil.copytree(contracts / folder, released / folder, dirs_exist_ok=True)
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (released / "openapi.json").write_text(text, encoding="utf-8")


def main(contracts: Path = CONTRACTS) -> int:
    document = published_document()
    found = obstacles(contracts, document)
    if found:
        sys.stderr.write("\n".join(["this cannot be released:", *found, ""]))
        return 1
    store(contracts, document)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
