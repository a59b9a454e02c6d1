"""Clients that public generators make of the document do all of it: create, list, comment, read, export, follow.

Each generates, compiles and runs a short program, kept beside this file, that a person can start from.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.browser.people import MEMBER
from tests.clients.conftest import Scene
from tests.clients.generators import CLIENTS, run

COMMENT = "Looking into it, **one moment**."


def needing(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.needs(need) for need in CLIENTS[name].needs]


@pytest.mark.parametrize("name", [pytest.param(name, marks=needing(name)) for name in CLIENTS])
async def test_a_generated_client_does_what_a_person_would(name: str, scene: Scene, tmp_path: Path):
    client = CLIENTS[name]
    command = client.make(tmp_path, scene.document)
    output = run(*command, folder=tmp_path, **await scene.environment())
    said = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    page = await scene.get("tickets?limit=100&sort=number")
    numbers = [row["number"] for row in page["items"]]
    assert said == {
        "number": numbers[-1],
        "etag": '"1"',
        "listed": numbers,
        "comment": COMMENT,
        "comments": [COMMENT],
        "entries": await scene.entries(),
        "bulk": [200, 404],
        "csv": len(numbers),
        "stream": "ticket",
    }
    made = await scene.get(f"tickets/{said['number']}")
    assert UUID(made["created_by"]["id"]) == MEMBER.user_id
    assert made["title"] == f"Made by {client.language}"
    # A patch has changed what it was given and nothing else.
    changed = {"status": "in_progress", "priority": "high", "category": "technical", "sla_source": "auto"}
    assert {field: made[field] for field in changed} == changed
    assert [one["body"] for one in made["comments"]["items"]] == [COMMENT]
