"""Realistic tickets for the demo orgs, and what happens to them after they were opened: pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from opsdash_local.demo.comments import DemoComment, conversation
from opsdash_local.demo.names import ORGS
from opsdash_local.demo.subjects import SUBJECTS
from opsdash_local.demo.workspace import contact_ids, project_ids, user_id

COUNTS = {"brightside": 60, "tidewater": 14, "pinecrest": 8}
WRITERS = {"owner", "admin", "member"}

LATER_PREFIXES = ("Again: ", "Follow-up: ", "Still seen: ")
LATER_STATUSES = ("open", "resolved", "closed", "in_progress")


@dataclass(frozen=True)
class DemoTicket:
    """`author` opens it with `body`; each of `changes` is applied by the person named with it; then people comment.

    `due_in` is counted from the moment it is opened; None leaves the due time to the priority.
    """

    org: str
    author: str
    body: dict[str, Any]
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    comments: list[DemoComment] = field(default_factory=list)
    due_in: timedelta | None = None


def tickets(org: str) -> list[DemoTicket]:
    """The tickets of one org, always the same."""
    chance = Random(org)  # noqa: S311 - variety, not secrecy
    return [_ticket(org, number, chance) for number in range(COUNTS.get(org, 0))]


def _ticket(org: str, number: int, chance: Random) -> DemoTicket:
    title, category, priority, status, text = SUBJECTS[number % len(SUBJECTS)]
    round_number = number // len(SUBJECTS)
    if round_number:
        status = LATER_STATUSES[number % len(LATER_STATUSES)]
        title = f"{LATER_PREFIXES[round_number % 3]}{title}"
    writers = [person for person, role in ORGS[org][2].items() if role in WRITERS]
    author = chance.choice(writers)
    assignee = chance.choice([person for person in writers if person != author])
    body: dict[str, Any] = {"title": title, "description": text, "category": category, "priority": priority}
    body["contact_id"] = chance.choice(contact_ids(org))
    if number % 3 == 0:
        body["project_id"] = chance.choice(project_ids(org))
    due_in = _due_in(number)
    if due_in is not None:
        status = "in_progress"
    is_assigned = due_in is not None or number % 5 != 3  # noqa: PLR2004 - made up
    assigner = (author if number % 2 else assignee) if is_assigned else None
    changes = _changes(user_id(assignee), status, assigner=user_id(assigner) if assigner else None)
    said = conversation(number, author=author, assignee=assignee, writers=writers, chance=Random(f"{org}/{number}"))  # noqa: S311 - the same demo each time
    return DemoTicket(org, user_id(author), body, changes, said, due_in)


def _due_in(number: int) -> timedelta | None:
    """A few fall due while somebody is watching: between the first and the third minute, then one every two minutes."""
    turn, place = divmod(number, 12)
    if place == 2:  # noqa: PLR2004 - made up
        return timedelta(seconds=75 + 25 * turn)
    return timedelta(minutes=5 + 2 * turn) if place == 8 else None  # noqa: PLR2004 - made up


def _changes(assignee: str, status: str, *, assigner: str | None) -> list[tuple[str, dict[str, Any]]]:
    """Whoever takes it, or has it assigned, moves it along."""
    changes: list[tuple[str, dict[str, Any]]] = []
    if assigner is not None:
        changes.append((assigner, {"assignee_id": assignee}))
    if status != "open":
        changes.append((assignee, {"status": "in_progress"}))
    if status not in {"open", "in_progress"}:
        changes.append((assignee, {"status": status}))
    return changes
