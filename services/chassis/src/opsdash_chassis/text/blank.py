"""What people can see of a text, the same with every version of Python.

The interpreter's own tables would take what is younger than they are for unassigned: a new emoji counted as nothing.
"""

from __future__ import annotations

import re
from typing import Final

# First and last code points. Unicode 17.0: Default_Ignorable_Code_Point of DerivedCoreProperties.txt and White_Space
# of PropList.txt; then the controls, and code points that never become characters.
_IGNORABLE: Final = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_SPACES: Final = (
    (0x0009, 0x000D), (0x0020, 0x0020), (0x0085, 0x0085), (0x00A0, 0x00A0), (0x1680, 0x1680), (0x2000, 0x200A),
    (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000),
)  # fmt: skip
_CONTROLS: Final = ((0x0000, 0x001F), (0x007F, 0x009F))
_NONCHARACTERS: Final = ((0xFDD0, 0xFDEF), *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)))
# Characters by their properties, blank by appearance: fillers, joiners, annotation anchors, an empty notehead, Braille
# without a dot, hieroglyphs that are spaces or only say how others are put together.
_BLANK: Final = (
    (0x2800, 0x2800), (0x2D7F, 0x2D7F), (0xFFF9, 0xFFFB), (0x1107F, 0x1107F), (0x13430, 0x13442), (0x16FE4, 0x16FE4),
    (0x1BC9D, 0x1BC9D), (0x1D159, 0x1D159),
)  # fmt: skip


def _class(*ranges: tuple[int, int]) -> str:
    """For the inside of a character class of a regular expression."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


INVISIBLE: Final = _class(*_IGNORABLE, *_SPACES, *_CONTROLS, *_NONCHARACTERS, *_BLANK)
#: The same without what separates words.
IGNORABLE: Final = _class(*_IGNORABLE, (0x0000, 0x0008), (0x000E, 0x001F), (0x007F, 0x007F), *_NONCHARACTERS)
_NOTHING = re.compile(f"[{INVISIBLE}]*")


def is_blank(text: str) -> bool:
    """Whether no character of it can be seen."""
    return _NOTHING.fullmatch(text) is not None
