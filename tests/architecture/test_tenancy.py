"""Every statement names its org by a parameter; those that look across orgs say so, and no person runs them."""

from __future__ import annotations

from functools import lru_cache

import pytest
from sqlalchemy import MetaData

from tests.architecture.built_statements import ASKED, built
from tests.architecture.crossing import ACROSS_ORGS, Crossing
from tests.architecture.looked_at import ALL, looked_at
from tests.architecture.sources import CHASSIS, SERVICES, SERVICES_WITH_DATABASE, callers_of
from tests.architecture.statements import Statement, builders, constants, literals, runtime_modules
from tests.architecture.tenant_scope import Tables, unscoped

#: The chassis has every service's tables, and so has what has none of its own.
WITH_STATEMENTS = [CHASSIS, *SERVICES, "opsdash_local"]


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
    crossing = Crossing([module for package in (CHASSIS, *SERVICES) for module in runtime_modules(package)])
    constants_across = sorted(crossing.constants())
    looked_at("statements across orgs", ALL, len(constants_across))
    assert [finding for constant in constants_across for finding in crossing.findings(constant)] == []
