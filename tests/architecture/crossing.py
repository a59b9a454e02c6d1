"""Who runs the statements that look across orgs: found from each such constant up through the functions that use it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.architecture.kinds import route_handlers
from tests.architecture.sources import Module, imported_from
from tests.architecture.statements import Function

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
