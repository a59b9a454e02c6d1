"""The tenant tables of one SQL statement whose org no parameter decides.

Every mention of a tenant table, in whatever part of the statement, needs an equality of its `org_id` with a parameter,
with the tenant setting of the transaction, or with a column that one of these decides. An equality counts where
PostgreSQL applies it to that mention's own rows: in its WHERE and in the ON of a join that restricts it. What is only
implied (a condition outside a subquery, an IN, an EXISTS) does not count. A statement that cannot be read is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from tests.architecture.sql_columns import (
    Output,
    Results,
    Scope,
    Source,
    Value,
    conjuncts,
    decide,
    equalities,
    function_name,
    inner_queries,
    is_parameter,
    renamed,
    unwrapped,
)

ORG = "org_id"
#: Columns by table; a table with an org is a tenant table.
Tables = Mapping[str, Sequence[str]]
#: Our functions that answer the org the caller is a member of, which is the transaction's tenant from then on.
ENTERS_ORG = {"enter_org"}
#: Written as `:p1` for the parser, which takes `$1,$` for the beginning of a quoted text.
_PARAMETER = re.compile(r"\$(\d+)")
#: Parts of a statement that are looked through as sources, not as expressions.
_SOURCES = {
    exp.Select: {"with_", "from_", "joins"},
    exp.Insert: {"with_", "this", "expression"},
    exp.Update: {"with_", "this", "from_"},
    exp.Delete: {"with_", "this", "using"},
    exp.Values: set[str](),
}


def unscoped(statement: str, tables: Tables) -> list[str]:
    """The findings, each a table or `alias (table)`."""
    text = _PARAMETER.sub(r":p\1", statement)
    try:
        parsed = [normalize_identifiers(tree, dialect="postgres") for tree in sqlglot.parse(text, "postgres") if tree]
    except SqlglotError as error:
        return [f"not understood: {str(error).splitlines()[0]}"]
    return [finding for tree in parsed for finding in _Statement(tree, tables).unscoped()]


class _Statement:
    """One statement while it is looked through."""

    def __init__(self, tree: exp.Expr, tables: Tables) -> None:
        self._tree = tree
        self._tables = tables
        self._needed: list[tuple[str, Value]] = []
        self._seen: set[int] = set()
        self._values: list[Value] = []

    def unscoped(self) -> list[str]:
        if isinstance(self._tree, exp.Command):
            return [word for word in re.findall(r"\w+", self._tree.sql("postgres")) if self._has_org(word)]
        if isinstance(self._tree, (exp.Query, *_SOURCES)):
            self._query(self._tree, {}, None)
        decide(self._values)
        missed = [table.name for table in self._tree.find_all(exp.Table) if id(table) not in self._seen]
        return [name for name, value in self._needed if not value.decided] + list(filter(self._has_org, missed))

    def _has_org(self, table: str) -> bool:
        return ORG in self._tables.get(table, ())

    def _new(self, *reason: Value, decided: bool = False) -> Value:
        value = Value(decided, [list(reason)] if reason else [])
        self._values.append(value)
        return value

    def _query(self, node: exp.Expr, results: Results, outer: Scope | None) -> list[Output]:
        """Look through a query or a change; the columns of its result."""
        results = self._with(node, results, outer)
        if isinstance(node, exp.Subquery):
            return self._query(node.this, results, outer)
        if isinstance(node, exp.SetOperation):
            left, right = (self._query(part, results, outer) for part in (node.left, node.right))
            return [
                Output(one.name, self._new(one.value, other.value), one.rest or other.rest)
                for one, other in zip(left, right, strict=False)
            ]
        scope = Scope(outer)
        if isinstance(node, exp.Insert):
            self._insert(node, results, scope)
        else:
            self._sources(node, results, scope)
        if where := node.args.get("where"):
            self._conditions(where.this, scope, scope.sources)
        if isinstance(node, exp.Update):
            self._assignments(node.expressions, scope)
        self._inside(node, results, scope)
        if isinstance(node, exp.Values):
            rows = [[self._value(cell, scope)[1] for cell in row.expressions] for row in node.expressions]
            return [
                Output(f"column{place}", self._new(*cells)) for place, cells in enumerate(zip(*rows, strict=True), 1)
            ]
        shown = node if isinstance(node, exp.Select) else node.args.get("returning")
        return self._outputs(shown.expressions if shown else [], scope)

    def _with(self, node: exp.Expr, results: Results, outer: Scope | None) -> Results:
        results, parts = dict(results), node.args.get("with_")
        for part in parts.expressions if parts else []:
            results[part.alias] = renamed(part, self._query(part.this, results, outer))
        return results

    def _sources(self, node: exp.Expr, results: Results, scope: Scope) -> None:
        if isinstance(node, exp.Update | exp.Delete):
            scope.sources.append(self._table(node.this, results))
        for item in [node.args.get("from_"), *(node.args.get("using") or [])]:
            if item is not None:
                self._from(item, results, scope)
        for join in node.args.get("joins") or []:
            self._join(join, results, scope)

    def _insert(self, node: exp.Insert, results: Results, scope: Scope) -> None:
        table, columns = node.this, list[str]()
        if isinstance(table, exp.Schema):
            table, columns = table.this, [column.name for column in table.expressions]
        columns = columns or list(self._tables.get(table.name, ()))
        stored = self._query(node.expression, results, scope.outer) if node.expression else []
        target = self._table(table, results)
        scope.sources.append(target)
        org = target.value(ORG)
        if org is not None and ORG in columns:
            place = columns.index(ORG)
            rest = [output.value for output in stored if output.rest]
            org.reasons.append([stored[place].value] if place < len(stored) else rest[:1] or [self._new()])
        if (conflict := node.args.get("conflict")) and conflict.expressions:
            keys = {key.name for part in conflict.args.get("conflict_keys") or [] for key in part.find_all(exp.Column)}
            if org is not None and ORG not in keys:
                self._needed.append((f"{table.name} (ON CONFLICT without {ORG})", self._new()))
            scope.sources.append(Source("excluded", target.outputs))
            self._assignments(conflict.expressions, scope)

    def _assignments(self, assignments: Sequence[exp.Expr], scope: Scope) -> None:
        """A row may only be moved to an org that is decided."""
        for assignment in assignments:
            if isinstance(assignment, exp.EQ) and assignment.this.name == ORG:
                self._needed.append((f"SET {ORG}", self._value(assignment.expression, scope)[1]))

    def _from(self, node: exp.Expr, results: Results, scope: Scope) -> None:
        item = node.this if isinstance(node, exp.From) else node
        if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table):
            item = item.this  # a join in parentheses
        scope.sources.append(self._source(item, results, scope))
        for join in item.args.get("joins") or []:
            self._join(join, results, scope)

    def _join(self, join: exp.Join, results: Results, scope: Scope) -> None:
        before = list(scope.sources)
        self._from(join.this, results, scope)
        joined = scope.sources[len(before) :]
        restricted = {"": scope.sources, "LEFT": joined, "RIGHT": before}.get(join.side, [])
        if on := join.args.get("on"):
            self._conditions(on, scope, restricted)
        for column in join.args.get("using") or []:
            for one in before:
                for other in joined:
                    self._equal((one, one.value(column.name)), (other, other.value(column.name)), restricted)

    def _source(self, item: exp.Expr, results: Results, scope: Scope) -> Source:
        if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
            return self._table(item, results)
        if isinstance(item, exp.Lateral) and isinstance(item.this, exp.Query):
            return Source(item.alias, renamed(item, self._from_outside(self._query(item.this, results, scope))))
        if isinstance(item, exp.Query | exp.Values):
            return Source(item.alias, renamed(item, self._from_outside(self._query(item, results, scope.outer))))
        return self._function(item)

    def _table(self, item: exp.Table, results: Results) -> Source:
        name = item.alias or item.name
        self._seen.add(id(item))
        if item.name in results and not item.db:
            outputs = self._from_outside(results[item.name])
        else:
            outputs = [Output(column, self._new()) for column in self._tables.get(item.name, ())]
            label = item.name if name == item.name else f"{name} ({item.name})"
            self._needed += [(label, output.value) for output in outputs if output.name == ORG]
        return Source(name, renamed(item, outputs))

    def _from_outside(self, outputs: Sequence[Output]) -> list[Output]:
        """Decided by what is inside; a condition outside decides nothing inside."""
        return [Output(one.name, self._new(one.value), one.rest) for one in outputs]

    def _function(self, item: exp.Expr) -> Source:
        """A function in a FROM; what it reads by itself is for row-level security."""
        call = item.this if isinstance(item, exp.Table | exp.Lateral) else item
        calls = item.args.get("rows_from") or [call]
        rest = Output("", self._new(decided=all(map(is_parameter, calls))), rest=True)
        enters = [Output(ORG, self._new(decided=True))] if function_name(call) in ENTERS_ORG else []
        return Source(item.alias or function_name(call), [*enters, *renamed(item, [rest])])

    def _conditions(self, condition: exp.Expr, scope: Scope, restricted: Sequence[Source]) -> None:
        for left, right in equalities(condition):
            self._equal(self._value(left, scope), self._value(right, scope), restricted)
        if any(isinstance(part, exp.Boolean) and not part.this for part in conjuncts(condition)):
            for output in (output for source in restricted for output in source.outputs):
                output.value.decided = True  # WHERE false: no row at all

    @staticmethod
    def _equal(
        one: tuple[Source | None, Value | None], other: tuple[Source | None, Value | None], restricted: Sequence[Source]
    ) -> None:
        """Each of two equal values is a reason for the other, if the condition restricts that one's rows."""
        for (source, value), (_, reason) in ((one, other), (other, one)):
            if value is not None and reason is not None and source in restricted:
                value.reasons.append([reason])

    def _value(self, node: exp.Expr, scope: Scope) -> tuple[Source | None, Value]:
        node = unwrapped(node.this if isinstance(node, exp.Alias) else node)
        if isinstance(node, exp.Column):
            return scope.find(node)
        return None, self._new(decided=is_parameter(node))

    def _inside(self, node: exp.Expr, results: Results, scope: Scope) -> None:
        """Queries inside the expressions of a query."""
        sources = next((names for kind, names in _SOURCES.items() if isinstance(node, kind)), set[str]())
        parts = [value for name, value in node.args.items() if name not in sources]
        for part in [*parts, *(join.args.get("on") for join in node.args.get("joins") or [])]:
            for query in inner_queries(part):
                self._query(query, results, scope)

    def _outputs(self, shown: Sequence[exp.Expr], scope: Scope) -> list[Output]:
        outputs: list[Output] = []
        for part in shown:
            if isinstance(part, exp.Star) or (isinstance(part, exp.Column) and isinstance(part.this, exp.Star)):
                table = part.table if isinstance(part, exp.Column) else ""
                outputs += [one for source in scope.sources if table in {"", source.name} for one in source.outputs]
            else:
                outputs.append(Output(part.alias_or_name, self._value(part, scope)[1]))
        return outputs
