"""Telephone numbers in a folded text, by their digits: people write them in groups of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_FEWEST, _MOST = 7, 15  # digits; ITU-T E.164
_FEWEST_OF_REST: Final = 6
_LONGEST_COUNTRY_CODE: Final = 3
_WRITTEN: Final = re.compile(r"(?<![\w.])(?P<plus>\+|00(?=[1-9]))?\(?\d[\d ()./-]{4,24}\d(?![\w])")
_GROUP: Final = re.compile(r"\d+")
_NO_NUMBER: Final = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{4}.*|\d{1,3}(\.\d{1,3}){2,3}")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """Its digits without the sign for abroad; `start` and `end` are where it stands in the text."""

    groups: tuple[str, ...]
    abroad: bool
    start: int
    end: int

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    def known_as(self) -> set[str]:
        """All digits, and what is left without a country or area code."""
        digits = self.digits
        cuts = {0}
        for group in self.groups[:-1]:
            cuts.add(max(cuts) + len(group))
        if self.abroad:
            cuts.update(range(1, _LONGEST_COUNTRY_CODE + 1))
        return {digits[cut:] for cut in cuts if cut == 0 or len(digits) - cut >= _FEWEST_OF_REST}


def phone_numbers(folded: str) -> Iterator[PhoneNumber]:
    """What may be one; dates and addresses of machines are none."""
    for found in _WRITTEN.finditer(folded):
        abroad = found["plus"] is not None
        written = found[0].removeprefix(found["plus"] or "")
        groups = tuple(_GROUP.findall(written))
        digits = sum(map(len, groups))
        if _FEWEST <= digits <= _MOST and not _NO_NUMBER.fullmatch(written) and (abroad or len(groups) > 1):
            yield PhoneNumber(groups, abroad, found.start(), found.end())
