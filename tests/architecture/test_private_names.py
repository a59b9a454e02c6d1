"""Private names of libraries are used, and their modules and classes changed, in modules named `compat` only."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, Module, imported_from, looked_at, modules, planted

COMPAT = "compat"
#: Documented in spite of their names.
PUBLIC = {"_exit", "_current_frames", "_replace", "_asdict", "_fields", "_mapping"}
OWN = {"self", "cls"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def private_imports(module: Module) -> Iterator[str]:
    """Private names that come from outside the product."""
    for source, name in imported_from(module).values():
        if source.split(".")[0] not in PACKAGES and is_private(name):
            yield f"{source}.{name}"


def reached_into(module: Module) -> Iterator[str]:
    """Private attributes of what this module does not define itself."""
    defined = {node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)} | {
        name for node in ast.walk(module.tree) for name in _assigned(node)
    }
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and is_private(node.attr)
            and node.attr not in defined
            and not (isinstance(node.value, ast.Name) and node.value.id in OWN)
            and not (isinstance(node.value, ast.Call) and ast.unparse(node.value) == "super()")
        ):
            yield ast.unparse(node)


def changed(module: Module) -> Iterator[str]:
    """Attributes of imported modules and classes that are set."""
    imported = {
        alias for alias, (source, _) in imported_from(module).items() if source.split(".")[0] not in PACKAGES
    } | {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node).split(".")[0] in imported
        ):
            yield ast.unparse(node)


def _assigned(node: ast.AST) -> Iterator[str]:
    """Names of fields: `self._x = ...`, `_x: int` in a class, and slots."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
        if node.value.id in OWN:
            yield node.attr
    elif isinstance(node, ast.AnnAssign | ast.Assign):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def uses(module: Module) -> list[str]:
    return [*private_imports(module), *reached_into(module), *changed(module)]


@pytest.mark.parametrize("package", PACKAGES)
def test_only_in_compat_modules(package: str) -> None:
    sources = modules(package)
    looked_at("modules", package, len(sources))
    found = {module.name: uses(module) for module in sources if module.name.split(".")[-1] != COMPAT}
    assert {name: private for name, private in found.items() if private} == {}


def test_the_compat_modules_are_the_ones_that_need_it() -> None:
    compat = [module for package in PACKAGES for module in modules(package) if module.name.split(".")[-1] == COMPAT]
    assert compat
    assert [module.name for module in compat if not uses(module) and "._" not in ast.unparse(module.tree)] == []


@pytest.mark.parametrize(
    "text",
    [
        "from aiokafka.record.default_records import _DefaultRecordBatchPy",
        "async def stop(producer):\n    await producer._sender.close()",
        "def prepare(session):\n    session._retry_connection = False",
        "from aiokafka.consumer import fetcher\nfetcher.MemoryRecords = object",
        "import uvicorn\nuvicorn.Server.install_signal_handlers = None",
        "from aiohttp import ClientSession\nClientSession.request = None",
        "class A:\n    def f(self, other):\n        return other.broker._connection",
    ],
)
def test_a_planted_use_is_found(text: str) -> None:
    assert len(uses(planted(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos._exit(1)",
        "class A:\n    def __init__(self):\n        self._x = 1\n    def of(self, other):\n        return other._x",
        "from urllib.parse import urlsplit\nurlsplit('a')._replace(netloc='b')",
        "from opsdash_chassis.x import _y",
    ],
)
def test_what_is_documented_or_our_own_is_not(text: str) -> None:
    assert uses(planted(text)) == []
