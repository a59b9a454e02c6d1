"""Where the columns of an SQL statement come from, as far as deciding needs it: values, results, sources, scopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

#: Functions of PostgreSQL that make rows of their arguments and read no table.
MAKES_ROWS = {
    "unnest",
    "json_populate_recordset",
    "jsonb_populate_recordset",
    "json_to_recordset",
    "jsonb_to_recordset",
}
#: The setting that holds the tenant of a transaction.
TENANT_SETTING = "app.org_id"


@dataclass(eq=False)
class Value:
    """A column or an expression: decided by itself, or if all values of one of its `reasons` are."""

    decided: bool = False
    reasons: list[list[Value]] = field(default_factory=list)


@dataclass(eq=False)
class Output:
    """One column of a result; `rest` stands for all columns whose names and number are not known."""

    name: str
    value: Value
    rest: bool = False


@dataclass(eq=False)
class Source:
    """One entry of a FROM, or the target of a change."""

    name: str
    outputs: list[Output]

    def value(self, column: str) -> Value | None:
        """None where there is no such column."""
        named = [output.value for output in self.outputs if output.name == column and not output.rest]
        return next(iter([*named, *(output.value for output in self.outputs if output.rest)]), None)


@dataclass(eq=False)
class Scope:
    """The sources that a part of a statement sees: its own, then those around it."""

    outer: Scope | None = None
    sources: list[Source] = field(default_factory=list)

    def find(self, column: exp.Column) -> tuple[Source | None, Value]:
        for source in self.sources:
            if column.table in {"", source.name} and (value := source.value(column.name)) is not None:
                return source, value
        return self.outer.find(column) if self.outer else (None, Value())


#: Common table expressions by name.
Results = dict[str, list[Output]]


def decide(values: Sequence[Value]) -> None:
    """Follow reasons until nothing more becomes decided."""
    changed = True
    while changed:
        changed = False
        for value in values:
            if not value.decided and any(all(one.decided for one in reason) for reason in value.reasons):
                value.decided = changed = True


def renamed(node: exp.Expr, outputs: list[Output]) -> list[Output]:
    """The columns as `AS alias (names)` calls them."""
    alias = node.args.get("alias")
    names = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
    known = [output for output in outputs if not output.rest]
    rest = [output for output in outputs if output.rest]
    given = [
        Output(name, (known[place] if place < len(known) else rest[0]).value)
        for place, name in enumerate(names)
        if place < len(known) or rest
    ]
    return [*given, *known[len(names) :], *([] if names else rest)]


def unwrapped(node: exp.Expr) -> exp.Expr:
    """Without parentheses and casts."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What must all be true."""
    condition = unwrapped(condition) if isinstance(condition, exp.Paren) else condition
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    else:
        yield condition


def equalities(condition: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The pairs that must be equal, those of row comparisons too."""
    for part in conjuncts(condition):
        if isinstance(part, exp.EQ):
            left, right = unwrapped(part.left), unwrapped(part.right)
            if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
                yield from zip(left.expressions, right.expressions, strict=False)
            else:
                yield left, right


def is_parameter(node: exp.Expr) -> bool:
    """A parameter, rows that are made of parameters, or the transaction's tenant."""
    node = unwrapped(node)
    if isinstance(node, exp.Parameter | exp.Placeholder):
        return True
    arguments = [unwrapped(argument) for argument in (*_listed(node.args.get("this")), *node.expressions)]
    if function_name(node) == "current_setting":
        return any(isinstance(argument, exp.Literal) and argument.name == TENANT_SETTING for argument in arguments)
    return (
        function_name(node) in MAKES_ROWS
        and any(isinstance(argument, exp.Parameter | exp.Placeholder) for argument in arguments)
        and all(isinstance(argument, exp.Parameter | exp.Placeholder | exp.Null) for argument in arguments)
    )


def function_name(node: object) -> str:
    if isinstance(node, exp.Unnest | exp.Explode):
        return "unnest"
    return str(node.name).lower() if isinstance(node, exp.Anonymous) else ""


def inner_queries(node: object) -> Iterator[exp.Expr]:
    """The nearest queries inside an expression, or inside a list of them."""
    for part in _listed(node):
        if isinstance(part, exp.Query):
            yield part
        elif isinstance(part, exp.Expr):
            for value in part.args.values():
                yield from inner_queries(value)


def _listed(node: object) -> list[exp.Expr]:
    parts = node if isinstance(node, list) else [node]
    return [part for part in parts if isinstance(part, exp.Expr)]
