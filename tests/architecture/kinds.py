"""What a module is, told by what it imports, defines and calls, never by its name or folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from tests.architecture.sources import CHASSIS, Module, called, calls_of, docstrings, imported_from, imported_names

#: The beginning of an SQL statement that reads or changes rows, after comments.
STATEMENT = re.compile(
    r"\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*(?:EXPLAIN\s+(?:\([^)]*\)\s*|ANALYZE\s+)?|DECLARE\s+\w+\s.*\bFOR\s+)?"
    r"(?:SELECT\b(?:.*\bFROM\b|\s+\w+\()|INSERT\s+INTO\s|UPDATE\s.*\sSET\s|DELETE\s+FROM\s|TABLE\s+\w+\s*;?\s*$"
    r"|WITH\s+(?:RECURSIVE\s+)?(?:\{|\w+\s*(?:\([^)]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s*)?\()"
    r"|MERGE\s+INTO\s|TRUNCATE\s|COPY\s+\w+\s+(?:FROM|TO)\s|CREATE\s+TEMP\w*\s+TABLE\s|DO\s+\$)",
    re.IGNORECASE | re.DOTALL,
)
#: SQL inside a text: a part of a statement, or one that begins otherwise.
SQL = re.compile(
    r"\bSELECT\b.*\bFROM\b|\bINSERT\s+INTO\s|\bUPDATE\s+\S+\s+(?:\w+\s+)?SET\s|\bDELETE\s+FROM\s|\bLEFT\s+JOIN\s",
    re.DOTALL,
)
HANDLERS = {"get", "post", "put", "patch", "delete", "head", "route", "websocket", "websocket_listener", "asgi"}
GROUPS = {"Router", "Controller"}
#: The types of what is registered for events.
EVENT_HANDLERS = {"Handler", "BatchHandler"}
#: The types of what is registered as routes.
ROUTES = {"HTTPRouteHandler", "ControllerRouterHandler", "BaseRouteHandler"}
#: A value that is put into a text.
HOLE = "{}"


def texts(tree: ast.AST) -> Iterator[str]:
    """String literals without docstrings; a text with values in it as one, with a hole for each value."""
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield joined(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def joined(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)


def holds_sql(module: Module) -> bool:
    """It has SQL text of its own."""
    return any(STATEMENT.match(text) or SQL.search(text) for text in texts(module.tree))


def handles_requests(module: Module) -> bool:
    """It defines route handlers or puts them together."""
    imported = {name for source, name in imported_from(module).values() if source.split(".")[0] == "litestar"}
    return bool(route_handlers(module) or imported & ROUTES) or any(
        (isinstance(node, ast.Call) and _litestar_name(module, node.func) in GROUPS)
        or (isinstance(node, ast.ClassDef) and any(_litestar_name(module, base) in GROUPS for base in node.bases))
        for node in ast.walk(module.tree)
    )


def route_handlers(module: Module) -> list[str]:
    """Names of the functions that are decorated as route handlers."""
    return [
        node.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            _litestar_name(module, part.func if isinstance(part, ast.Call) else part) in HANDLERS
            for part in node.decorator_list
        )
    ]


def _litestar_name(module: Module, node: ast.expr) -> str:
    """The name Litestar gives what is called here, or nothing."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "litestar" else ""
    source, name = imported_from(module).get(node.id, ("", "")) if isinstance(node, ast.Name) else ("", "")
    return name if source.split(".")[0] == "litestar" else ""


def defines_bodies(module: Module, others: Collection[str] = ()) -> bool:
    """It has classes of what requests and answers hold: structs of msgspec, or of modules that have such classes."""
    imported = imported_from(module)
    for node in ast.walk(module.tree):
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                source, name = imported.get(base.value.id, ("", ""))[0], base.attr
            else:
                source, name = imported.get(base.id, ("", "")) if isinstance(base, ast.Name) else ("", "")
            if (source, name) == ("msgspec", "Struct") or source in others:
                return True
    return False


def subscribes(module: Module) -> bool:
    """It attaches handlers to the events of others, or says which handler each of them has."""
    imported = {name for source, name in imported_from(module).values() if source.startswith(f"{CHASSIS}.consuming.")}
    return bool(calls_of(module.tree, "subscribe") or imported & EVENT_HANDLERS)


def composes(module: Module) -> bool:
    """It makes the application, its runtime, or the document of its routes."""
    return any(calls_of(module.tree, name) for name in ("create_app", "Runtime", "openapi_document"))


def opens_transactions(module: Module) -> bool:
    """It calls what makes a transaction, of a tenant or of the worker."""
    names = {called(node) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    return any("transaction" in name or "unit_of_work" in name or name.startswith("tenant_") for name in names)


def makes_events(module: Module) -> bool:
    """It has functions for others that answer an event."""
    return any(
        isinstance(part, ast.Name) and part.id == "Event"
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_") and node.returns
        for part in ast.walk(node.returns)
    )


def migrates(module: Module) -> bool:
    """It is about the schema: it uses Alembic, or belongs to a folder with Alembic's template in it."""
    folders = (module.path.parent, module.path.parent.parent)
    return any(name.split(".")[0] == "alembic" for name in imported_names(module)) or any(
        (folder / "script.py.mako").exists() for folder in folders
    )
