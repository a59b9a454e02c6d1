"""What a message says: one line about the ticket, one about what happened, a link. People typed the title and the
names, so nothing in them may mention anybody, format or link in any of the chats. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from opsdash_contracts.notices import Reason

from opsdash_notifications.mail import texts
from opsdash_notifications.mail.headers import one_line
from opsdash_notifications.mail.texts import N_

LONGEST_TITLE: Final = 150
LONGEST_NAME: Final = 60
#: Of a digest; the others are counted. So many fit into the smallest message that a chat takes.
MOST_LINES: Final = 8
LONGEST_IN_DIGEST: Final = 60
#: Breaks what chats look for, and is not seen.
_BREAK: Final = "\u200b"
#: Characters with which chats begin markup, as ones that look like them.
_LOOK_ALIKE: Final = str.maketrans(
    {"<": "‹", ">": "›", "*": "∗", "`": "ˋ", "~": "∼", "|": "¦", "\\": "∖", "[": "［", "]": "］", "_": "＿"}  # noqa: RUF001 - they are meant
)
_UNDERSCORE_IN_WORD: Final = re.compile(r"(?<=[^\W_])_(?=[^\W_])")
_KEPT_UNDERSCORE: Final = "\x00"
#: What chats turn into mentions, links and names of channels.
_ACTIVE: Final = re.compile(r"[@＠#&]|:(?=//)|(?<=\w)\.(?=\w)")  # noqa: RUF001 - they are meant

TEST: Final = N_("This is a test of the channel from OpsDash Support.")
#: Where a mail says "you".
_HAPPENINGS: Final = {
    Reason.ASSIGNED: (N_("%(actor)s assigned this ticket."), N_("This ticket was assigned.")),
    Reason.MENTIONED: (N_("%(actor)s mentioned somebody."), N_("Somebody was mentioned.")),
    Reason.USAGE: ("", N_("The workspace comes near the limit of its plate, or has reached it.")),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `number` and `title` are of a ticket, or None."""

    reason: Reason
    actor: str | None
    number: int | None
    title: str | None
    url: str


def harmless(text: str, longest: int) -> str:
    """The text in one line that stays text in every chat."""
    line = _UNDERSCORE_IN_WORD.sub(_KEPT_UNDERSCORE, one_line(text, longest)).translate(_LOOK_ALIKE)
    return _ACTIVE.sub(lambda found: found[0] + _BREAK, line.replace(_KEPT_UNDERSCORE, "_"))


def lines(entries: Sequence[Entry], org_name: str, org_url: str, language: str) -> list[str]:
    """Of a message about one thing, or of a digest."""
    if len(entries) == 1:
        (entry,) = entries
        return [_heading(entry, org_name, LONGEST_TITLE), happening(entry, language), entry.url]
    translated, more = texts.translations(language), len(entries) - MOST_LINES
    count = translated.ngettext("%(count)d notice", "%(count)d notices", len(entries)) % {"count": len(entries)}
    listed = [
        f"{_heading(entry, org_name, LONGEST_IN_DIGEST)} – {happening(entry, language)}"  # noqa: RUF001 - they are meant
        for entry in entries[:MOST_LINES]
    ]
    rest = [translated.ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}] if more > 0 else []
    return [f"[{harmless(org_name, LONGEST_NAME)}] {count}", *listed, *rest, org_url]


def lines_of_test(name: str, language: str) -> list[str]:
    """Of a message that somebody asks for to see whether the channel works."""
    return [f"[{harmless(name, LONGEST_NAME)}] {texts.translations(language).gettext(TEST)}"]


def happening(entry: Entry, language: str) -> str:
    """What happened, in one sentence that is meant for everybody who reads it."""
    actor = None if entry.actor is None else harmless(entry.actor, LONGEST_NAME)
    if entry.reason not in _HAPPENINGS:
        return texts.happening(entry.reason, actor, language)
    by_somebody, by_itself = _HAPPENINGS[entry.reason]
    translated = texts.translations(language)
    if actor and by_somebody:
        return translated.gettext(by_somebody) % {"actor": actor}
    return translated.gettext(by_itself)


def _heading(entry: Entry, org_name: str, longest: int) -> str:
    if entry.number is None:
        return f"[{harmless(org_name, LONGEST_NAME)}]"
    return f"[#{entry.number}] {harmless(entry.title or '', longest)}".rstrip()
