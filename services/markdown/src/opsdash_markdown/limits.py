"""What one text may cost: its HTML, its cells, its definitions, its nesting, and the steps its parser takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: HTML has at most this many characters for each of the text, and this many more; bytes likewise.
HTML_PER_CHARACTER: Final = 8
HTML_MORE: Final = 16 * 1024
MAXIMUM_CELLS: Final = 2_000
MAXIMUM_DEFINITIONS: Final = 200
#: Elements around a piece of text.
MAXIMUM_NESTING: Final = 20
#: What is longer is no link.
LONGEST_TARGET: Final = 2_048
# Prose takes a step for 4 to 20 characters. Lists and tables of tiny items take more than one for two, and have these.
_STEPS_PER_CHARACTER: Final = 0.5
_STEPS_MORE: Final = 1_000
# Links by reference are longer in HTML than in the text; all of them together may be longer by this much.
_EXPANSION_PER_CHARACTER: Final = 4
_EXPANSION_MORE: Final = 8 * 1024


class Exceeded(Exception):
    """The text asks for more than it may cost."""


def maximum_html(text: str) -> int:
    return HTML_PER_CHARACTER * len(text) + HTML_MORE


@dataclass(slots=True)
class Budget:
    """What is left for one text. It counts and measures no time: a text is rendered alike on every machine."""

    blocks: int
    inlines: int
    expansion: int
    cells: int = MAXIMUM_CELLS
    definitions: int = MAXIMUM_DEFINITIONS

    @classmethod
    def of(cls, text: str) -> Budget:
        steps = int(len(text) * _STEPS_PER_CHARACTER) + _STEPS_MORE
        return cls(steps, steps, len(text) * _EXPANSION_PER_CHARACTER + _EXPANSION_MORE)

    def expand(self, characters: int) -> None:
        """Raises Exceeded."""
        self.expansion -= characters
        if self.expansion < 0:
            raise Exceeded

    def define(self) -> None:
        """Raises Exceeded."""
        self.definitions -= 1
        if self.definitions < 0:
            raise Exceeded
