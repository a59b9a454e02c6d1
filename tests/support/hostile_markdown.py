"""Texts that ask a Markdown renderer for more than they are worth: time, HTML, nesting.

The first group is CommonMark's own list of pathological inputs; the others are what renderers are known to amplify.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

Shape = Callable[[int], str]


def _repeated(unit: str) -> Shape:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def _growing(line: Callable[[int], str]) -> Shape:
    """Lines made from 0, 1, 2 and on, until the size is reached."""

    def text(size: int) -> str:
        lines: list[str] = []
        length = 0
        for number in count():
            lines.append(line(number))
            length += len(lines[-1])
            if length >= size:
                return "".join(lines)[:size]
        raise AssertionError

    return text


def _after(start: str, unit: str) -> Shape:
    return lambda size: (start + unit * (size // len(unit) + 1))[:size]


def _table(size: int) -> str:
    """Columns and lines in equal number: a cell for each pair of them."""
    columns = max(1, size // 6)
    return "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + "a\n" * columns


COMMONMARK: Final[Mapping[str, Shape]] = {
    "nested strong emphasis": lambda size: "*a **a " * (size // 14) + "b" + " a** a*" * (size // 14),
    "many emphasis closers": _repeated("a_ "),
    "many emphasis openers": _repeated("_a "),
    "many link closers": _repeated("a]"),
    "many link openers": _repeated("[a"),
    "mismatched openers and closers": _repeated("*a_ "),
    "openers and closers multiple of 3": lambda size: ("a**b" + "c* " * size)[:size],
    "link openers and emphasis closers": _repeated("[ a_"),
    "pattern [ (](": _repeated("[ (]("),
    "pattern ![[]()": _repeated("![[]()"),
    "hard link and emphasis": _repeated("**x [a*b**c*](d)"),
    "nested brackets": lambda size: "[" * (size // 2) + "a" + "]" * (size // 2),
    "nested block quotes": lambda size: "> " * (size // 2) + "a",
    "deeply nested lists": _growing(lambda number: "  " * number + "* a\n"),
    "U+0000": _repeated("abc\0de\0"),
    "backticks": _growing(lambda number: "e" + "`" * number),
    "unclosed links <": _repeated("[a](<b"),
    "unclosed links": _repeated("[a](b"),
    "unclosed <!--": lambda size: ("</" + "<!--" * size)[:size],
    "empty lines in deeply nested lists": lambda size: "- " * 20 + "x" + "\n" * size,
    "many references": lambda size: "".join(f"[{number}]: u\n" for number in range(size // 16)) + "[0] " * (size // 8),
    "entities": _repeated("&amp;"),
    "backslashes": _repeated("\\*"),
    "declarations": _repeated("<!A "),
    "instructions": _repeated("<?"),
    "sections": _repeated("<![CDATA["),
}
AMPLIFYING: Final[Mapping[str, Shape]] = {
    "a cell for each column and line": _table,
    "one long definition used often": lambda size: "[a]: http://x/" + "b" * (size // 2) + "\n\n" + "[a]!" * (size // 8),
    "links without text": _repeated("[]()"),
    "mail addresses": _repeated("<a@b.c>"),
    "pasted addresses": _repeated("http://a "),
    "one long pasted address": _after("http://a", "a)("),
    "a pasted address and what closes it": _after("http://a(", ")."),
    "schemes of pasted addresses": _repeated("http://"),
    "targets that may be no links": _repeated("[a](b:c)"),
    "ampersands in cells": _after("|a|\n|-|\n", "|&|\n"),
    "lists of lists": _after("- " * 9 + "a\n", "- a\n"),
    "fences in lists": _repeated("- ```\n"),
    "tables of one line": _repeated("a|b\n-|-\n1|2\n\n"),
    "paragraphs of mail addresses": _repeated("<a@b.c>\n\n"),
    "percent signs in links": _repeated("[a](%zz%)"),
    "no-break spaces": _after("a", "\xa0"),
    "autolinks in emphasis in links": _repeated("[*_*<a:>*_*](b)"),
}
SLOW: Final[Mapping[str, Shape]] = {
    "lazy lines of nested quotes": _after(">" * 18 + "a\n", "a\n"),
    "quotes twenty deep": _repeated(">" * 20 + "a\n"),
    "items": _repeated("- a\n"),
    "items of three kinds": _repeated("- a\n+ a\n* a\n"),
    "items and lazy lines": _repeated("- a\nb\n"),
    "quotes and lists in turn": _repeated("> - "),
    "lists and quotes in turn": _repeated("- > "),
    "lines": _repeated("a\n"),
    "labels that are never closed": _repeated("[a\n"),
    "titles that are never closed": _after("[a]: u '", "x\n"),
    "open brackets": _repeated("["),
    "brackets far apart": lambda size: ("[" + "a*" * 120) * (size // 241),
    "targets that are never closed": lambda size: ("[a](" + "b" * 600) * (size // 604),
    "parentheses in targets": _repeated("[a](" + "(" * 32),
    "titles in parentheses": _repeated('[a](b "'),
    "runs of stars": lambda size: "*" * size,
    "runs of tildes": _repeated("~~~a"),
    "runs of backticks": _growing(lambda number: "`" * (number + 1) + " "),
    "less-than signs": _repeated("<"),
    "an address of many labels": lambda size: "<a@" + "a." * (size // 2) + "!>",
    "a host of many characters": lambda size: "[a](http://" + "漢字" * (size // 2) + ".example)",
    "rulers that are none": lambda size: ("- " * 100 + "a\n") * (size // 202 + 1),
    "headers that are none": _repeated("a|b\n-|-|-\n"),
    "fences of fewer backticks": lambda size: "".join("`" * (size - number) + "\n" for number in range(2)),
    "spaces at line ends": lambda size: ("a" + " " * 200 + "\n") * (size // 202),
    "headings": _repeated("# *a*\n"),
    "addresses": _repeated("https://a.example/b?c=d&e=f "),
    "beginnings of addresses": _repeated("http://"),
    "dots and at signs": _repeated("a@b."),
}
HOSTILE: Final[Mapping[str, Shape]] = {**COMMONMARK, **AMPLIFYING, **SLOW}


def hostile(size: int, shapes: Mapping[str, Shape] = HOSTILE) -> dict[str, str]:
    """The texts by what they are, none longer than this."""
    return {name: shape(size)[:size] for name, shape in shapes.items()}
