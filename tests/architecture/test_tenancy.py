"""Every statement names its org by a parameter; those that look across orgs say so, and no person runs them.

The functions are found by what they do (`statements.builders`); the questions are here, by package and function,
because only a person knows which arguments lead to which shape. A function without questions fails the test, and so do
questions without a function. Watching connections while other tests run would see less: services run as processes of
their own, and what they send depends on which tests ran, so that nobody could say how many statements there must be.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from types import ModuleType
from uuid import UUID

import pytest
from opsdash_contracts.tickets import Category, Priority, Status
from opsdash_tickets.listing.filters import Commented, SlaFilter, Sort, SortField, TicketFilter
from sqlalchemy import MetaData

from tests.architecture.sources import (
    ALL,
    CHASSIS,
    LIBRARIES,
    LOCAL,
    SERVICES,
    SERVICES_WITH_DATABASE,
    TENANCY,
    callers_of,
    looked_at,
)
from tests.architecture.statements import (
    ACROSS_ORGS,
    Crossing,
    Statement,
    builders,
    constants,
    literals,
    runtime_modules,
)
from tests.architecture.tenant_scope import Tables, unscoped

#: What services share has every service's tables, and so has what has none of its own.
WITH_STATEMENTS = [*LIBRARIES, *SERVICES, LOCAL]

Ask = Callable[[ModuleType], Iterable[str]]
ID = UUID(int=1)
#: The first page, and the one behind a position.
AFTER = (None, ("2026-01-01", str(ID)))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder:
    """A connection that answers nothing and keeps the statements it is given."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    async def fetchval(self, statement: str, *_: object) -> None:
        self.statements.append(statement)


def of_services() -> list[Statement]:
    return [statement for service in SERVICES_WITH_DATABASE for statement in constants(service)]


def recorded(module: ModuleType) -> Iterator[str]:
    """Every change of the services with its event beside it."""
    for statement in of_services():
        if module.RECORDED in statement.text:
            yield module._recording(statement.text, _parameters(statement.text))


def _parameters(text: str) -> int:
    return max(int(number) for number in re.findall(r"\$(\d+)", text))


def read_with_tenant(module: ModuleType) -> Iterator[str]:
    """Every scoped question of the services as it is put together with the entrance to the org."""
    for statement in of_services():
        text = statement.text
        is_question = re.match(r"\s*SELECT\b", text) and not statement.is_template
        if is_question and re.search(r"org_id = \$1\b", text) and not statement.name.endswith(ACROSS_ORGS):
            yield module._with_tenant(text, _parameters(text) + 1)


def filters() -> Iterator[TicketFilter]:
    """Nothing, each condition of the list alone, and all of them."""
    nothing = TicketFilter()
    conditions: list[dict[str, object]] = [
        {"id": (ID,)},
        {"status": tuple(Status)},
        {"priority": tuple(Priority)},
        {"category": tuple(Category)},
        *[dict[str, object]({name: (ID, None)}) for name in ("assignee", "contact", "company", "project")],
        *[dict[str, object](sla=(state,)) for state in SlaFilter],
        {"created_from": NOW, "created_to": NOW},
        {"number": 1},
        {"words": "printer"},
        {"words": "printer", "status": ()},
        {"words": "%"},
    ]
    yield nothing
    yield from (replace(nothing, **condition) for condition in conditions)
    yield replace(nothing, **{name: value for condition in conditions for name, value in condition.items()})


def pages(module: ModuleType) -> Iterator[str]:
    sorts = [Sort(field, descending) for field, descending in product(SortField, (True, False))]
    nothing, *some, everything = filters()
    asked = [*product(some, sorts[:1]), *product((nothing, everything), sorts)]
    for (wanted, sort), after in product(asked, AFTER):
        yield module.page_statement(wanted, sort, after=after, limit=50)[0]
        yield module.page_statement(wanted, sort, after=after, limit=50, commented=(Commented(ID, 1),))[0]


def found(module: ModuleType) -> Iterator[str]:
    query = module.read_query("printer")
    for sort, after in product((Sort(), Sort(SortField.NUMBER)), AFTER):
        yield module._found(query, TicketFilter(words="printer"), sort, after, module.Conditions(), "$2")


def counts(module: ModuleType) -> list[str]:
    connection = Recorder()
    for wanted in filters():
        asyncio.run(module.count(connection, ID, wanted))
        asyncio.run(module.count(connection, ID, wanted, (Commented(ID, 1),)))
    return connection.statements


ASKED: dict[tuple[str, str], Ask] = {
    (CHASSIS, "_recording"): recorded,
    (TENANCY, "_with_tenant"): read_with_tenant,
    (TENANCY, "upsert_statement"): lambda module: [module.upsert_statement("members", "name", key="member_id")],
    (TENANCY, "remove_statement"): lambda module: [module.remove_statement("members", "member_id")],
    ("opsdash_comments", "_page_of_comments"): lambda module: [module._page_of_comments("c.ticket_id = $2")],
    ("opsdash_tickets", "page_statement"): pages,
    ("opsdash_tickets", "_found"): found,
    ("opsdash_tickets", "count"): counts,
}


def built(package: str) -> list[Statement]:
    """What the builders of a package answer, each text once."""
    found: dict[str, Statement] = {}
    for module, function in builders(package):
        for text in ASKED[package, function](module.load()) if (package, function) in ASKED else []:
            found.setdefault(text, Statement(module.name, f"{function}()", text))
    return list(found.values())


@lru_cache
def tables(package: str) -> Tables:
    services = [package] if package in SERVICES_WITH_DATABASE else SERVICES_WITH_DATABASE
    values = [
        value for name in services for module in callers_of(name, "MetaData") for value in vars(module.load()).values()
    ]
    found = [table for value in values if isinstance(value, MetaData) for table in value.tables.values()]
    return {table.name: tuple(table.columns.keys()) for table in found}


@lru_cache
def statements(package: str) -> list[Statement]:
    """Those a connection is given; templates are seen as what they become."""
    found = [*constants(package), *literals(package), *built(package)]
    return [statement for statement in found if not statement.is_template]


@pytest.mark.parametrize("package", WITH_STATEMENTS)
def test_every_statement_names_the_org_of_every_tenant_table_it_touches(package: str):
    looked_at("modules without migrations", package, len(runtime_modules(package)))
    looked_at("statements", package, len(statements(package)))
    wrong = {
        f"{statement.module}: {statement.name}": (missing, statement.text)
        for statement in statements(package)
        if not statement.name.endswith(ACROSS_ORGS) and (missing := unscoped(statement.text, tables(package)))
    }
    assert wrong == {}


@pytest.mark.parametrize("package", WITH_STATEMENTS)
def test_every_function_that_builds_statements_is_asked_for_them(package: str):
    found = {name for _, name in builders(package)}
    assert found == {name for owner, name in ASKED if owner == package}


def test_every_template_becomes_a_statement_that_is_seen():
    """Whatever fills it in, in a module or in a builder: the result is among the statements."""
    seen = [statement.text for package in WITH_STATEMENTS for statement in statements(package)]
    templates = [one for package in WITH_STATEMENTS for one in constants(package) if one.is_template]
    looked_at("templates", ALL, len(templates))
    unseen = [f"{one.module}: {one.name}" for one in templates if not any(map(one.may_have_become, seen))]
    assert unseen == []


def test_only_work_without_a_person_looks_across_orgs():
    crossing = Crossing([module for package in (*LIBRARIES, *SERVICES) for module in runtime_modules(package)])
    constants_across = sorted(crossing.constants())
    looked_at("statements across orgs", ALL, len(constants_across))
    assert [finding for constant in constants_across for finding in crossing.findings(constant)] == []
