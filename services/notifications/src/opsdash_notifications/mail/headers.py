"""Headers of a mail: texts of people become one line with nothing invisible in it; links and ids stay as they are."""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, Policy
from typing import Final

LONGEST: Final = 200
#: Control and format characters (which turn the direction of what follows), lone surrogates, private and unassigned
#: ones, and separators of lines and paragraphs.
_NOT_SHOWN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
#: Formats that belong to words and to pictures of several parts.
_KEPT: Final = {"\u200c", "\u200d"}
#: How an encoded word begins (RFC 2047): a client would decode it, with line breaks in it.
_ENCODED: Final = "=?"
_SPACES: Final = re.compile(r"\s+")


def one_line(text: str, longest: int = LONGEST) -> str:
    """What is not shown becomes a space; spaces together become one. Longer texts end with an ellipsis."""
    shown = "".join(character if _is_shown(character) else " " for character in text)
    line = _SPACES.sub(" ", shown.replace(_ENCODED, "= ?")).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def block(text: str) -> list[str]:
    """A text of people as lines with nothing invisible in them; of empty lines together one stays."""
    lines = ("".join(each if _is_shown(each) else " " for each in line).rstrip() for line in text.splitlines())
    kept = list[str]()
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept[:-1] if kept and not kept[-1] else kept


def _is_shown(character: str) -> bool:
    return character in _KEPT or unicodedata.category(character) not in _NOT_SHOWN


class AsWritten(UnstructuredHeader, BaseHeader):
    """A header in one line. The library would encode a link that is longer than a line, and no client reads it then."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "message-id", "references"):
        registry.map_to_type(name, AsWritten)
    return registry


#: Lines of 78 characters at most, but for those.
POLICY: Final = SMTP.clone(header_factory=_registry())
