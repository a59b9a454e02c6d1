"""Statements that functions put together while the program runs: each such function is asked for every shape it has.

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
from itertools import product
from types import ModuleType
from typing import Any
from uuid import UUID

from opsdash_contracts.tickets import Category, Priority, Status

from tests.architecture.crossing import ACROSS_ORGS
from tests.architecture.sources import CHASSIS, SERVICES_WITH_DATABASE
from tests.architecture.statements import Statement, builders, constants

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


def filters(module: ModuleType) -> Iterator[Any]:
    """Nothing, each condition of the list alone, and all of them."""
    nothing = module.TicketFilter()
    conditions: list[dict[str, object]] = [
        {"id": (ID,)},
        {"status": tuple(Status)},
        {"priority": tuple(Priority)},
        {"category": tuple(Category)},
        *[dict[str, object]({name: (ID, None)}) for name in ("assignee", "contact", "company", "project")],
        *[dict[str, object](sla=(state,)) for state in module.SlaFilter],
        {"created_from": NOW, "created_to": NOW},
        {"number": 1},
        {"words": "printer"},
    ]
    yield nothing
    yield from (replace(nothing, **condition) for condition in conditions)
    yield replace(nothing, **{name: value for condition in conditions for name, value in condition.items()})


def pages(module: ModuleType) -> Iterator[str]:
    sorts = [module.Sort(field, descending) for field, descending in product(module.SortField, (True, False))]
    nothing, *some, everything = filters(module)
    asked = [*product(some, sorts[:1]), *product((nothing, everything), sorts)]
    for (wanted, sort), after in product(asked, AFTER):
        yield module.page_statement(wanted, sort, after=after, limit=50)[0]


def newest_pages(module: ModuleType) -> Iterator[str]:
    for after in AFTER:
        yield module._newest_page_statement("printer", ("open",), after=after, limit=50)[0]


def counts(module: ModuleType) -> list[str]:
    connection = Recorder()
    for wanted in filters(module):
        asyncio.run(module.count(connection, ID, wanted))
    return connection.statements


ASKED: dict[tuple[str, str], Ask] = {
    (CHASSIS, "_recording"): recorded,
    (CHASSIS, "_with_tenant"): read_with_tenant,
    (CHASSIS, "upsert_statement"): lambda module: [module.upsert_statement("members", "name", key="member_id")],
    (CHASSIS, "remove_statement"): lambda module: [module.remove_statement("members", "member_id")],
    ("opsdash_comments", "_page_of_comments"): lambda module: [module._page_of_comments("c.ticket_id = $2")],
    ("opsdash_tickets", "page_statement"): pages,
    ("opsdash_tickets", "_newest_page_statement"): newest_pages,
    ("opsdash_tickets", "count"): counts,
}


def built(package: str) -> list[Statement]:
    """What the builders of a package answer, each text once."""
    found: dict[str, Statement] = {}
    for module, function in builders(package):
        for text in ASKED[package, function](module.load()) if (package, function) in ASKED else []:
            found.setdefault(text, Statement(module.name, f"{function}()", text))
    return list(found.values())
