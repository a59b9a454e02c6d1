"""The SQL statements of a package: constants, those in functions, and which functions run those across orgs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache, partial

from tests.architecture.kinds import HOLE, SQL, STATEMENT, joined, migrates, route_handlers, texts
from tests.architecture.sources import Module, called, imported_from, modules

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


#: The end of the name that a statement must have to look across orgs.
ACROSS_ORGS = "_OF_ANY_ORG"
#: A name in a module.
Named = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Piece:
    """A function or method with all that is inside it, or what a module does when it is imported (without a name)."""

    module: Module
    name: str
    nodes: Sequence[ast.AST]

    @cached_property
    def names(self) -> set[str]:
        """Every identifier in it."""
        found = set()
        for node in self.nodes:
            found |= {str(getattr(node, field)) for field in ("id", "attr", "arg") if getattr(node, field, None)}
        return found

    @property
    def is_worker(self) -> bool:
        """It uses a connection of the role that crosses orgs, and none of a tenant's."""
        return any("worker" in name for name in self.names) and not any("tenant" in name for name in self.names)

    def meaning(self, node: ast.AST) -> Named | None:
        """The module and name of what a name or an attribute stands for."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, (self.module.name, node.id))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "self":
                return self.module.name, node.attr
            source, name = self._imported.get(node.value.id, ("", ""))
            return (f"{source}.{name}" if name else source), node.attr
        return None

    @cached_property
    def _imported(self) -> dict[str, Named]:
        return imported_from(self.module)

    @cached_property
    def uses(self) -> set[Named]:
        """What it reads, calls or hands on, but itself."""
        read = [node for node in self.nodes if isinstance(getattr(node, "ctx", None), ast.Load)]
        return {meaning for node in read if (meaning := self.meaning(node))} - {(self.module.name, self.name)}


def pieces(module: Module) -> Iterator[Piece]:
    """The module's outermost functions and methods, and the rest of it."""
    rest: list[ast.AST] = []
    waiting: list[ast.AST] = list(module.tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            yield Piece(module, node.name, list(ast.walk(node)))
        else:
            rest.append(node)
            waiting += ast.iter_child_nodes(node)
    yield Piece(module, "", rest)


class Crossing:
    """The uses of everything in some modules."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._pieces = [piece for module in modules for piece in pieces(module)]
        self._workers = {(piece.module.name, piece.name) for piece in self._pieces if piece.is_worker and piece.name}

    def constants(self) -> set[Named]:
        return {
            (piece.module.name, node.id)
            for piece in self._pieces
            for node in piece.nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.endswith(ACROSS_ORGS)
        }

    def findings(self, wanted: Named, seen: frozenset[Named] = frozenset()) -> list[str]:
        """Those who use it, directly or not, and are not work without a person."""
        users = [piece for piece in self._pieces if wanted in piece.uses]
        if not users:
            return [f"{wanted[0]}: {wanted[1]} is run by nobody that says `worker`"]
        return [finding for user in users for finding in self._of_user(user, wanted, seen | {wanted})]

    def _of_user(self, user: Piece, wanted: Named, seen: frozenset[Named]) -> list[str]:
        if user.is_worker or self._hands_to_worker(user, wanted):
            return [] if for_services(user) else [f"{user.module.name}: a person may call {user.name}"]
        if any("tenant" in name for name in user.names):
            return [f"{user.module.name}: {user.name} uses a tenant's connection"]
        named = (user.module.name, user.name)
        return [] if named in seen else self.findings(named, seen)

    def _hands_to_worker(self, user: Piece, wanted: Named) -> bool:
        """It gives it to a function that runs it as the worker."""
        return any(
            isinstance(node, ast.Call)
            and user.meaning(node.func) in self._workers
            and wanted in {user.meaning(part) for part in [*node.args, *(keyword.value for keyword in node.keywords)]}
            for node in user.nodes
        )


def for_services(piece: Piece) -> bool:
    """It is no route, or one of a router that lets in services only."""
    return piece.name not in route_handlers(piece.module) or any(
        isinstance(node, ast.Call) and _is_router_for_services(node, piece.name) for node in ast.walk(piece.module.tree)
    )


def _is_router_for_services(call: ast.Call, handler: str) -> bool:
    given = {
        keyword.arg: {str(getattr(node, "id", "")) for node in ast.walk(keyword.value)} for keyword in call.keywords
    }
    return handler in given.get("route_handlers", set()) and any(
        "service" in name.lower() for name in given.get("opt", set())
    )
