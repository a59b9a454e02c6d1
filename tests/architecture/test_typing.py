"""Types say something: `Any` stays rare, and whoever silences a check says why."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.architecture.sources import ALL, PACKAGES, Module, looked_at, modules, planted

MOST_PER_THOUSAND_LINES = 8
SILENCED = re.compile(
    r"#\s*(?:noqa|type:\s*ignore)\b(?:: ?[A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)*|\[[a-z, -]+\])?(?P<reason>.*)"
)


def every_module() -> list[Module]:
    return [module for package in PACKAGES for module in modules(package)]


def uses_of_any(module: Module) -> int:
    """Without imports of it."""
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(module.tree))


def lines(sources: Iterable[Module]) -> int:
    return sum(module.text.count("\n") for module in sources)


def silenced_without_reason(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), 1):
        found = SILENCED.search(line)
        if found and not re.search(r"[a-z]{3}", found["reason"]):
            yield f"{module.name}:{number}"


def test_any_is_rare() -> None:
    sources = every_module()
    looked_at("modules", ALL, len(sources))
    used = Counter({module.name: uses_of_any(module) for module in sources})
    share = 1000 * used.total() / lines(sources)
    assert share <= MOST_PER_THOUSAND_LINES, used.most_common(10)


def test_whoever_silences_a_check_says_why() -> None:
    assert [place for module in every_module() for place in silenced_without_reason(module)] == []


def test_planted_uses_are_counted() -> None:
    text = "from typing import Any\ndef f(a: Any) -> dict[str, Any]:\n    return {}"
    assert uses_of_any(planted(text)) == 2


def test_a_planted_silence_is_found() -> None:
    text = "a = 1  # noqa: S608\nb = 2  # type: ignore[arg-type]\nc = 3  # noqa: PLR2004 - the answer of the library"
    assert len(list(silenced_without_reason(planted(text)))) == 2
