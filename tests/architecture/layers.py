"""Which imports inside one service go the wrong way. Modules are told apart by `kinds`, rooms are its sub-packages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from tests.architecture import kinds
from tests.architecture.sources import HTTP, PACKAGES, Module, imported_names, modules

#: One module's import of another, by their names.
Import = tuple[str, str]
#: Of the standard library, and of msgspec, whose structs are values: what reads no clock, file or network and starts
#: nothing.
PURE = {
    "__future__", "abc", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "enum",
    "functools", "hashlib", "itertools", "math", "msgspec", "operator", "re", "string", "typing", "unicodedata", "uuid",
    "zoneinfo",
}  # fmt: skip


class Layers:
    """The modules of one service and who imports whom."""

    def __init__(self, sources: Sequence[Module]) -> None:
        self._modules = {module.name: module for module in sources}
        known = frozenset({*self._modules, *(module.name for package in PACKAGES for module in modules(package))})
        self._imports = {name: set(imported_names(module, known)) - {name} for name, module in self._modules.items()}

    def __len__(self) -> int:
        return len(self._modules)

    @cached_property
    def at_the_edge(self) -> set[str]:
        """Routes, consumers and what composes them: they may know everything."""
        return {
            name
            for name, module in self._modules.items()
            if kinds.handles_requests(module) or kinds.subscribes(module) or kinds.composes(module)
        }

    @cached_property
    def repositories(self) -> set[str]:
        found = {name for name, module in self._modules.items() if kinds.holds_sql(module)}
        return {name for name in found if not kinds.migrates(self._modules[name])}

    def imports(self, names: Iterable[str]) -> Iterator[Import]:
        return ((name, imported) for name in sorted(names) for imported in sorted(self._imports[name]))

    def of_routes(self) -> set[Import]:
        """Imports of routes by modules that are below them."""
        routes = {name for name in self._modules if kinds.handles_requests(self._modules[name])}
        return {pair for pair in self.imports(self._below) if pair[1] in routes}

    def of_http(self) -> set[Import]:
        """Imports of the HTTP library by modules that are below routes."""
        return {pair for pair in self.imports(self._below) if f"{pair[1]}.".startswith(f"{HTTP}.")}

    @cached_property
    def bodies(self) -> set[str]:
        """The modules with the bodies of requests and answers; those of other services' answers no route knows."""
        found = set[str]()
        while more := {
            name for name, module in self._modules.items() if name not in found and kinds.defines_bodies(module, found)
        }:
            found |= more
        routes = [name for name, module in self._modules.items() if kinds.handles_requests(module)]
        return {imported for _, imported in self.imports(routes) if imported in found}

    def of_bodies(self) -> set[Import]:
        """Imports of bodies of requests and answers, and of what makes such bodies, by modules that are below them.

        What makes them stands between routes and the rest: it uses no repository, makes no event, and nobody but routes
        uses it.
        """
        makers = {name for name, imported in self.imports(self._below - self.bodies) if imported in self.bodies}
        below = self._below - self.bodies - makers
        low = self.repositories | self.events()
        wrong = (makers & low) | {name for name, imported in self.imports(makers) if imported in self.repositories}
        return {pair for pair in self.imports(wrong) if pair[1] in self.bodies} | {
            pair for pair in self.imports(below) if pair[1] in makers
        }

    @property
    def _below(self) -> set[str]:
        return {name for name in self._modules if name not in self.at_the_edge and not name.endswith(".__main__")}

    def sql_at_the_edge(self) -> set[str]:
        return self.repositories & self.at_the_edge

    def repositories_that_begin(self) -> set[str]:
        """Those that open a transaction, which is for who calls them."""
        return {name for name in self.repositories if kinds.opens_transactions(self._modules[name])}

    def domain(self) -> set[str]:
        """What repositories import of their service, beside each other: the values they store and find."""
        return {
            imported for _, imported in self.imports(self.repositories) if imported in self._modules
        } - self.repositories

    def impure(self) -> set[Import]:
        """What the domain imports that is more than values and rules, by itself or through what it imports."""
        return {(name, imported) for name in self.domain() for imported in self._reached(name) if imported not in PURE}

    def events(self) -> set[str]:
        """The modules below the edge that make events for others to publish."""
        return {name for name in self._below if kinds.makes_events(self._modules[name])}

    def events_with_more(self) -> set[Import]:
        """What they know of repositories, or of the edge."""
        more = self.repositories | self.at_the_edge
        return {(name, reached) for name in self.events() for reached in {name, *self._reached(name)} & more}

    def _reached(self, start: str) -> set[str]:
        """What its imports lead to: names outside of our code, and the repositories and modules at the edge."""
        waiting, seen, found = [start], set[str](), set[str]()
        while waiting:
            name = waiting.pop()
            for imported in self._imports_of(name) - seen:
                seen.add(imported)
                ours = imported.startswith("opsdash_")
                if ours and imported not in self.repositories and imported not in self.at_the_edge:
                    waiting += [] if imported.startswith("opsdash_contracts") else [imported]
                else:
                    found.add(imported)
        return found

    def _imports_of(self, name: str) -> set[str]:
        if name in self._imports:
            return self._imports[name]
        found = [module for package in PACKAGES for module in modules(package) if module.name == name]
        return {imported for module in found for imported in imported_names(module)}

    def circle(self, ignored: Collection[Import] = ()) -> list[str]:
        """Modules that import each other in a circle; none if there is no such circle."""
        inside = [pair for pair in self.imports(self._modules) if pair[1] in self._modules and pair not in ignored]
        return _circle(inside)

    def circle_of_rooms(self, ignored: Collection[Import] = ()) -> list[str]:
        """The same for the rooms of the service, and for the rooms inside each."""
        between = {_rooms(*pair) for pair in self.imports(self._modules) if pair not in ignored}
        return _circle(
            pair for pair in between if pair[0] and pair[1] and self._is_room(pair[0]) and self._is_room(pair[1])
        )

    @cached_property
    def rooms(self) -> set[str]:
        """The packages inside the service that hold modules, also those inside another."""
        return {package for name in self._modules for package in _packages(name)[1:-1]}

    def rooms_below(self, room: str) -> set[str]:
        """The other rooms of the service that a room imports."""
        inside = [name for name in self._modules if f"{name}.".startswith(f"{room}.")]
        beside = {_rooms(*pair)[1] for pair in self.imports(inside)}
        return {name for name in beside if self._is_room(name)}

    def _is_room(self, name: str) -> bool:
        return any(module.startswith(f"{name}.") for module in self._modules)

    def upwards(self) -> set[Import]:
        """Imports by rooms of what composes them: the modules at the edge that are in a package above them."""
        return {
            (name, imported)
            for name, imported in self.imports(self._modules)
            if imported in self.at_the_edge
            and name.count(".") > imported.count(".")
            and name.startswith(f"{imported.rpartition('.')[0]}.")
            and not self._is_room(imported)
        }


def _rooms(importer: str, imported: str) -> Import:
    """The two packages beside each other that hold the one and the other module; nothing where one holds both."""
    both = zip(_packages(importer), _packages(imported), strict=False)
    return next(((ours, theirs) for ours, theirs in both if ours != theirs), ("", ""))


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _circle(pairs: Iterable[Import]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for one, other in pairs:
        graph.setdefault(one, set()).add(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []
