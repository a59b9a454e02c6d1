"""The page about containers, by its sections: the lines that its reader copies."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

PAGE = ROOT / "docs/how-to/compose.md"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, list[str]]:
    """The blocks of commands under each heading that has some."""
    _, *parts = _SECTION.split(PAGE.read_text(encoding="utf-8"))
    found = {heading: _BLOCK.findall(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}
    return {heading: blocks for heading, blocks in found.items() if blocks}


def lines(heading: str) -> list[str]:
    return [line for block in sections()[heading] for line in block.splitlines()]
