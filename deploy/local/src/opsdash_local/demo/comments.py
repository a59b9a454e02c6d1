"""Which demo ticket carries which conversation, spoken by people of its org: pure data."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from opsdash_local.demo.conversations import CONVERSATIONS, Saying
from opsdash_local.demo.names import PEOPLE
from opsdash_local.demo.workspace import user_id

SILENT_EVERY = 3  # every third ticket has no comments


@dataclass(frozen=True)
class DemoComment:
    """Written by `author`; `reply_to` is the place of an earlier comment of the same ticket, `later` a new text."""

    author: str
    body: str
    reply_to: int | None = None
    later: str | None = None
    mentions: tuple[str, ...] = ()


def conversation(number: int, *, author: str, assignee: str, writers: list[str], chance: Random) -> list[DemoComment]:
    """The comments of the ticket with that number, spoken by three different people; all are keys of PEOPLE."""
    if number % SILENT_EVERY == SILENT_EVERY - 1:
        return []
    others = [person for person in writers if person not in {author, assignee}]
    parts = {"author": author, "assignee": assignee, "other": chance.choice(others)}
    return [_spoken(saying, parts) for saying in CONVERSATIONS[number % len(CONVERSATIONS)]]


def _spoken(saying: Saying, parts: dict[str, str]) -> DemoComment:
    names = {part: PEOPLE[person].split()[0] for part, person in parts.items()}
    return DemoComment(
        author=user_id(parts[saying.by]),
        body=saying.text.format_map(names),
        reply_to=saying.reply_to,
        later=saying.later.format_map(names) if saying.later else None,
        mentions=(user_id(parts[saying.mention]),) if saying.mention else (),
    )
