"""The product's own sources as the architecture tests read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "opsdash_contracts": ROOT / "contracts/src/opsdash_contracts",
    "opsdash_chassis": ROOT / "services/chassis/src/opsdash_chassis",
    **{
        f"opsdash_{folder.name.replace('-', '_')}": folder / "src" / f"opsdash_{folder.name.replace('-', '_')}"
        for folder in sorted((ROOT / "services").iterdir())
        if folder.is_dir() and folder.name != "chassis"
    },
    "opsdash_local": ROOT / "deploy/local/src/opsdash_local",
}
SERVICES = [name for name in PACKAGES if name not in {"opsdash_contracts", "opsdash_chassis", "opsdash_local"}]
SERVICES_WITH_DATABASE = [name for name in SERVICES if (PACKAGES[name] / "tables.py").exists()]


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGES[package].rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def calls_of(tree: ast.Module, attribute: str) -> list[int]:
    """Line numbers of every call `something.attribute(...)` or `attribute(...)`."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr == attribute)
            or (isinstance(node.func, ast.Name) and node.func.id == attribute)
        )
    ]
