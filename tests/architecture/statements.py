"""The SQL statements of a package: in its modules' values, in its functions, and which functions build some."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache, partial

from tests.architecture.kinds import HOLE, SQL, STATEMENT, joined, migrates, texts
from tests.architecture.sources import Module, called, modules

_HOLE = re.compile(r"{\w*}")
_QUOTED = re.compile(r"'[^']*'")
#: Methods of connections and units of work whose first argument is a statement.
EXECUTORS = {"fetch", "fetchrow", "fetchval", "fetchmany", "execute", "executemany", "cursor", "prepare", "change"}
#: Statements that read and change no rows.
UTILITY = re.compile(r"\s*(?:GRANT|REVOKE|CREATE|ALTER|DROP|LOCK|SET|SELECT format\()", re.IGNORECASE)
COMPOSERS = {"format", "format_map", "replace", "join", "sub"}


@dataclass(frozen=True)
class Statement:
    """A text that a connection may be given. `name` is the constant it is, or the function it is in."""

    module: str
    name: str
    text: str

    @property
    def is_template(self) -> bool:
        """It has a hole, such as `{conditions}`, outside its quoted texts."""
        return bool(_HOLE.search(_QUOTED.sub("", self.text)))

    def may_have_become(self, text: str) -> bool:
        """Whether the text is this template, filled in."""
        return bool(re.fullmatch(".*".join(map(re.escape, _HOLE.split(self.text))), text, re.DOTALL))


@lru_cache
def runtime_modules(package: str) -> list[Module]:
    """All but migrations, which run as the owner of the tables, and what starts a process when it is imported."""
    return [module for module in modules(package) if not migrates(module) and not module.name.endswith(".__main__")]


@lru_cache
def constants(package: str) -> list[Statement]:
    """Every statement among the values of its modules and their classes, templates too, where it is made."""
    return [statement for module in runtime_modules(package) for statement in constants_of(module)]


def constants_of(module: Module) -> list[Statement]:
    values = vars(module.load())
    of_classes = {
        f"{name}.{attribute}": held
        for name, value in values.items()
        if isinstance(value, type) and value.__module__ == module.name
        for attribute, held in vars(value).items()
    }
    given = {
        node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return [
        Statement(module.name, name, text)
        for name, value in {**values, **of_classes}.items()
        if name.rpartition(".")[2] in given  # not what it imports
        for text in _strings(value)
        if STATEMENT.match(text)
    ]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, partial):
        yield from _strings([value.args, value.keywords])
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _strings([getattr(value, field.name) for field in fields(value)])


def literals(package: str) -> list[Statement]:
    """Every whole statement that is written inside a function; one with values in it makes the function a builder."""
    return [statement for module in runtime_modules(package) for statement in literals_of(module)]


def literals_of(module: Module) -> list[Statement]:
    return [
        Statement(module.name, function.name, text)
        for function in functions(module.tree)
        for text in texts(function)
        if STATEMENT.match(text) and HOLE not in text
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


@lru_cache
def builders(package: str) -> list[tuple[Module, str]]:
    """The functions that put a statement together while the program runs, by name, each with its module."""
    return [
        (module, function.name)
        for module in runtime_modules(package)
        for function in functions(module.tree)
        if builds(function, module)
    ]


def builds(function: Function, module: Module) -> bool:
    """Whether the function changes or joins a text with SQL in it, or runs one that is put together in the call."""
    sql = _Sql(function, vars(module.load()))
    return any(sql.is_composed(node) or _runs_composed(node) for node in ast.walk(function))


def _runs_composed(node: ast.AST) -> bool:
    """It gives a connection a text that is put together there, and that is no statement about the schema or locks."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTORS):
        return False
    composed = [part for part in node.args[:1] if isinstance(part, ast.BinOp | ast.JoinedStr)]
    return any(not UTILITY.match(" ".join(texts(part))) for part in composed)


class _Sql:
    """Which expressions of a function have SQL in them: as literals, values of the module, or names given to these."""

    def __init__(self, function: Function, values: Mapping[str, object]) -> None:
        self._values = values
        self._names: set[str] = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and self._is_in(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._names |= {target.id for target in targets if isinstance(target, ast.Name)}

    def is_composed(self, node: ast.AST) -> bool:
        if isinstance(node, ast.JoinedStr):
            return any(isinstance(part, ast.FormattedValue) for part in node.values) and self._is_in(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            return self._is_in(node)
        if isinstance(node, ast.AugAssign):
            return self._is_in(node.target) or self._is_in(node.value)
        if isinstance(node, ast.Call) and called(node) in COMPOSERS and isinstance(node.func, ast.Attribute):
            return self._is_in(node.func.value) or any(self._is_in(argument) for argument in node.args)
        return False

    def _is_in(self, node: ast.AST) -> bool:
        if isinstance(node, ast.JoinedStr) and SQL.search(joined(node)):
            return True
        if isinstance(node, ast.Name) and node.id in self._names:
            return True
        return any(SQL.search(text) for part in self._parts(node) for text in _strings(self._constant(part)))

    @staticmethod
    def _parts(node: ast.AST) -> Iterator[ast.AST]:
        """The node and what it is made of; what a call answers is its own."""
        yield node
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.Call):
                yield from _Sql._parts(child)

    def _constant(self, node: ast.AST) -> object:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._values.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return getattr(self._values.get(node.value.id), node.attr, None)
        return None
