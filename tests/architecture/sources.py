"""The product's own sources as the architecture tests read them, and how much of them each test must have read.

Lower a number only when sources were joined or removed on purpose, and raise those that have grown at the same time.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
CONTRACTS, LOCAL = "opsdash_contracts", "opsdash_local"
CHASSIS, HTTP, TENANCY, MARKDOWN = "opsdash_chassis", "opsdash_http", "opsdash_tenancy", "opsdash_markdown"
#: What services share, each above the one before; Markdown stands beside them.
LIBRARIES = (CHASSIS, HTTP, TENANCY, MARKDOWN)
PACKAGES = {
    CONTRACTS: ROOT / "contracts/src/opsdash_contracts",
    **{
        f"opsdash_{folder.name.replace('-', '_')}": folder / "src" / f"opsdash_{folder.name.replace('-', '_')}"
        for folder in sorted((ROOT / "services").iterdir())
        if folder.is_dir()
    },
    LOCAL: ROOT / "deploy/local/src/opsdash_local",
}
SERVICES = [name for name in PACKAGES if name not in {CONTRACTS, *LIBRARIES, LOCAL}]


@dataclass(frozen=True, eq=False)
class Module:
    """One source file; `name` as it is imported, without `__init__`."""

    name: str
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def load(self) -> ModuleType:
        return importlib.import_module(self.name)


@dataclass(frozen=True, eq=False)
class _Planted(Module):
    def load(self) -> ModuleType:
        module = ModuleType(self.name)
        exec(self.text, vars(module))  # noqa: S102 - a text of ours
        return module


def planted(text: str, name: str = "opsdash_planted.module") -> Module:
    """A module that is in no file, to show that a guard sees what is wrong with it."""
    return _Planted(name, Path("module.py"), text)


@lru_cache
def modules(package: str) -> tuple[Module, ...]:
    folder = PACKAGES[package]
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}
    return tuple(Module(_name(package, path.relative_to(folder)), path, text) for path, text in texts.items())


def _name(package: str, path: Path) -> str:
    parts = [package, *path.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@lru_cache
def every_name() -> frozenset[str]:
    return frozenset(module.name for package in PACKAGES for module in modules(package))


def imported_names(module: Module, known: frozenset[str] | None = None) -> Iterator[str]:
    """What the module imports anywhere in it; modules of ours by their own names, however they are imported."""
    known = every_name() if known is None else known
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner in known else source


@lru_cache
def imported_from(module: Module) -> dict[str, tuple[str, str]]:
    """What each imported name stands for: a module and a name in it, or a module and no name."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: (_absolute(module, node), alias.name) for alias in node.names}
    return found


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*parts, *([node.module] if node.module else [])])


def calls_of(tree: ast.AST, attribute: str) -> list[int]:
    """Line numbers of every call `something.attribute(...)` or `attribute(...)`."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) == attribute]


def called(call: ast.Call) -> str:
    """The last part of the name that is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def callers_of(package: str, attribute: str) -> list[Module]:
    """The modules with such a call."""
    return [module for module in modules(package) if calls_of(module.tree, attribute)]


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constants that are docstrings."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }


def describes_tables(module: Module) -> bool:
    """It makes the metadata that tables are described in."""
    return "MetaData" in module.text and bool(calls_of(module.tree, "MetaData"))


#: Those that describe tables of their own.
SERVICES_WITH_DATABASE = [name for name in SERVICES if any(map(describes_tables, modules(name)))]


#: For what is counted over all packages.
ALL = "all packages"
MINIMUMS: Mapping[str, Mapping[str, int]] = {
    "modules": {
        "opsdash_contracts": 22,
        "opsdash_chassis": 69,
        "opsdash_http": 46,
        "opsdash_tenancy": 12,
        "opsdash_markdown": 8,
        "opsdash_comments": 49,
        "opsdash_gateway": 118,
        "opsdash_notifications": 62,
        "opsdash_sla_monitor": 35,
        "opsdash_tickets": 99,
        "opsdash_local": 57,
    },
    "modules without migrations": {
        "opsdash_chassis": 67,
        "opsdash_http": 46,
        "opsdash_tenancy": 11,
        "opsdash_markdown": 8,
        "opsdash_comments": 39,
        "opsdash_gateway": 117,
        "opsdash_notifications": 59,
        "opsdash_sla_monitor": 32,
        "opsdash_tickets": 82,
        "opsdash_local": 54,
    },
    "statements": {
        "opsdash_chassis": 39,
        "opsdash_tenancy": 50,
        "opsdash_comments": 23,
        "opsdash_notifications": 34,
        "opsdash_sla_monitor": 18,
        "opsdash_tickets": 142,
    },
    "rooms": {
        "opsdash_chassis": 8,
        "opsdash_http": 8,
        "opsdash_comments": 9,
        "opsdash_gateway": 17,
        "opsdash_notifications": 12,
        "opsdash_sla_monitor": 6,
        "opsdash_tickets": 15,
    },
    "repositories": {
        "opsdash_comments": 4,
        "opsdash_notifications": 8,
        "opsdash_sla_monitor": 3,
        "opsdash_tickets": 14,
    },
    "domain modules": {
        "opsdash_comments": 3,
        "opsdash_notifications": 8,
        "opsdash_sla_monitor": 1,
        "opsdash_tickets": 5,
    },
    "modules with bodies": {
        "opsdash_comments": 1,
        "opsdash_notifications": 4,
        "opsdash_sla_monitor": 2,
        "opsdash_tickets": 6,
    },
    "modules that make events": {
        "opsdash_comments": 1,
        "opsdash_gateway": 2,
        "opsdash_notifications": 1,
        "opsdash_sla_monitor": 1,
        "opsdash_tickets": 3,
    },
    "templates": {ALL: 18},
    "statements across orgs": {ALL: 24},
    "modules that follow": {ALL: 26},
}


def looked_at(what: str, where: str, count: int) -> None:
    """Print the count, and fail when it is below the recorded one. A package that is not recorded yet may have any."""
    print(f"looked at {count} {what} of {where}")
    least = MINIMUMS[what].get(where, 0)
    assert count >= least, f"{count} {what} of {where} were looked at; at least {least} are there (sources.py)"
