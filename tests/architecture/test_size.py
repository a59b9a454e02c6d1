"""The chassis stays as small as a reader can know: what has a purpose of its own is a distribution of its own."""

from __future__ import annotations

import pytest

from tests.architecture.sources import CHASSIS, modules

MOST_LINES = 5000


def lines(*texts: str) -> int:
    """How many are not blank; comments and docstrings are read too, so they count."""
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


def test_the_chassis_is_small():
    texts = [module.text for module in modules(CHASSIS)]
    count = lines(*texts)
    print(f"{CHASSIS} has {count} lines, {sum(len(text.splitlines()) for text in texts)} with blank ones")
    assert 0 < count <= MOST_LINES


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a = 1\n\n\n  \nb = 2\n", 2), ('"""A."""\n# b\n', 2)])
def test_lines_are_counted(text: str, count: int):
    assert lines(text, text) == 2 * count


def test_one_line_too_many_is_seen():
    assert lines("x = 1\n" * MOST_LINES) <= MOST_LINES < lines("x = 1\n" * MOST_LINES, "y = 1\n")
