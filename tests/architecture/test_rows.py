"""Records of the database stay in repositories and in the chassis' room of the database; others see typed rows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.kinds import migrates, texts
from tests.architecture.sources import CHASSIS, PACKAGES, Module, called, imported_from, looked_at, modules, planted

#: What answers records.
ANSWERS_RECORDS = {"fetch", "fetchrow", "fetchmany", "execute_with_event"}
#: Names that are given to records, whoever gives them.
NAMED_SO = re.compile(r"(?:\w+_)?(?:row|record)s?")
READS_COLUMNS = {"get", "items", "keys", "values"}
#: How many modules read records, at least.
READ_RECORDS = 10
#: They have SQL and are no repositories.
HOLD_SQL = {f"{CHASSIS}.consuming.redrive"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def may_see_records(module: Module) -> bool:
    return (
        module.name.endswith("repository")
        or module.name.startswith(f"{CHASSIS}.database.")
        or module.name in HOLD_SQL
        or migrates(module)
    )


def named(module: Module) -> Iterator[str]:
    """The type of records, as it is imported or written, also in a quoted annotation."""
    sources = ("asyncpg", f"{CHASSIS}.database")
    for source, name in imported_from(module).values():
        if name == "Record" and source.startswith(sources):
            yield f"{source}.{name}"
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "Record"
            and ast.unparse(node.value) in {"asyncpg", "pools"}
        ):
            yield ast.unparse(node)
    yield from (text for text in texts(module.tree) if "asyncpg.Record" in text)


def columns_read(module: Module) -> Iterator[str]:
    """Where a column is read by its name, or all of them are, of what is called a row or was fetched."""
    for function in (node for node in ast.walk(module.tree) if isinstance(node, Function | ast.Module)):
        known = _Names(function)
        for node in _own_nodes(function):
            if isinstance(node, ast.expr) and _reads_columns(node, known):
                yield f"{module.name}:{node.lineno} {ast.unparse(node)}"


class _Names:
    """What a function calls records: by their usual names, and what it gives to what it fetches, or takes from that."""

    def __init__(self, function: Function | ast.Module) -> None:
        self._names = set[str]()
        bound = [pair for node in _own_nodes(function) for pair in _bindings(node)]
        while more := {
            name.id
            for target, value in bound
            for name in ast.walk(target)
            if self.is_of_records(value) and isinstance(name, ast.Name) and name.id not in self._names
        }:
            self._names |= more

    def is_of_records(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._names or bool(NAMED_SO.fullmatch(node.id))
        if isinstance(node, ast.Call):
            return called(node) in ANSWERS_RECORDS
        return isinstance(node, ast.Await | ast.Subscript | ast.Starred) and self.is_of_records(node.value)


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets with what they are given, or with what they are taken from one by one."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, node.iter


def _reads_columns(node: ast.expr, known: _Names) -> bool:
    if isinstance(node, ast.Subscript):
        by_name = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        return by_name and known.is_of_records(node.value)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in READS_COLUMNS:
        return known.is_of_records(node.func.value)
    unpacked = [keyword.value for keyword in node.keywords if keyword.arg is None]
    taken = node.args if isinstance(node.func, ast.Name) and node.func.id == "dict" else []
    return any(known.is_of_records(part) for part in [*unpacked, *taken])


def _own_nodes(function: Function | ast.Module) -> Iterator[ast.AST]:
    """What is inside, without what is inside functions inside."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [] if isinstance(node, Function) else ast.iter_child_nodes(node)


def seen(module: Module) -> list[str]:
    return [*named(module), *columns_read(module)]


@pytest.mark.parametrize("package", PACKAGES)
def test_records_are_seen_by_repositories_only(package: str) -> None:
    sources = modules(package)
    looked_at("modules", package, len(sources))
    found = {module.name: seen(module) for module in sources if not may_see_records(module)}
    assert {name: places for name, places in found.items() if places} == {}


def test_those_with_sql_of_their_own_need_it() -> None:
    assert {module.name for module in modules(CHASSIS) if module.name in HOLD_SQL and seen(module)} == HOLD_SQL


def test_repositories_are_seen_to_read_records() -> None:
    """The guard sees them where they are."""
    repositories = [module for package in PACKAGES for module in modules(package) if may_see_records(module)]
    assert sum(bool(seen(module)) for module in repositories) >= READ_RECORDS


@pytest.mark.parametrize(
    "text",
    [
        "from asyncpg import Record",
        "from opsdash_chassis.database.pools import Record as Found",
        "import asyncpg\ndef f(it: asyncpg.Record): ...",
        "from opsdash_chassis.database import pools\ndef f(it: pools.Record): ...",
        "Connection = 'asyncpg.Connection[asyncpg.Record]'",
        "def f(row):\n    return row['name']",
        "def f(rows):\n    return rows[0]['name']",
        "def f(rows):\n    return [it['name'] for it in rows]",
        "def f(rows):\n    first = rows[0]\n    return first['name']",
        "def f(rows):\n    for it in rows:\n        yield it['name']",
        "async def f(connection):\n    return (await connection.fetchrow('SELECT 1'))['name']",
        "async def f(connection):\n    found = await connection.fetchrow('SELECT 1')\n    return found['name']",
        "async def f(connection):\n    (it,) = await connection.fetch('SELECT 1')\n    return it['name']",
        "async def f(connection):\n    return {it['id'] for it in await connection.fetch('SELECT 1')}",
        "async def f(connection):\n    if it := await connection.fetchrow('SELECT 1'):\n        return it['name']",
        "def f(row):\n    return Body(**dict(row))",
        "def f(last_row):\n    return Body(**last_row)",
        "def f(record):\n    return record.get('name')",
        "def f(record):\n    return {name: value for name, value in record.items()}",
    ],
)
def test_a_planted_record_is_found(text: str) -> None:
    assert len(seen(planted(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from aiokafka import ConsumerRecord\nRecord = ConsumerRecord",
        "def f(row):\n    return row.name",
        "def f(rows):\n    return rows[0].name, rows[1:]",
        "async def f(connection):\n    return to_rows(Row, await connection.fetch('SELECT 1'))",
        "def f(headers):\n    return headers['name'], dict(headers), dict(row=1)",
        "def f(row): ...\ndef g(document):\n    return document['name']",
    ],
)
def test_typed_rows_and_others_are_not(text: str) -> None:
    assert seen(planted(text)) == []
