"""Every query names its org, and SQL lives only where it may."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.architecture.sources import PACKAGES, SERVICES_WITH_DATABASE, modules

SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\s", re.IGNORECASE | re.DOTALL)
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE)
SQL_MAY_LIVE_IN = re.compile(r"(repository|tables)\.py$|/migrations/")
SCOPED = re.compile(r"org_id\s*=\s*(\$1|\w+\.org_id|tenant)|\(\s*org_id\b|VALUES\s*\(\$1", re.IGNORECASE)


#: The name a statement must carry to look across orgs; only work without a person may.
ACROSS_ORGS = "_OF_ANY_ORG"


def tenant_tables(service: str) -> set[str]:
    metadata = importlib.import_module(f"{service}.tables").metadata
    return {name for name, table in metadata.tables.items() if "org_id" in table.columns}


def statements(service: str) -> list[tuple[str, str]]:
    """Every SQL text a repository module holds, templates filled in, as `module.NAME`."""
    found = []
    for path in PACKAGES[service].glob("*repository.py"):
        module = importlib.import_module(f"{service}.{path.stem}")
        for name, value in vars(module).items():
            texts = value.values() if isinstance(value, dict) else [value]
            found += [(f"{path.stem}.{name}", text) for text in texts if isinstance(text, str) and SQL.search(text)]
    return found


def unscoped_tables(text: str, tables: set[str]) -> list[str]:
    """Tenant tables of a statement that no org condition of the statement covers."""
    used = [match.group(1) for match in TABLE.finditer(text) if match.group(1) in tables]
    return used if len(SCOPED.findall(text)) < len(used) else []


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_every_statement_names_the_org_of_every_tenant_table_it_touches(service: str):
    tables = tenant_tables(service)
    found = statements(service)
    assert len(found) > 10
    wrong = {
        name: missing
        for name, text in found
        if not name.endswith(ACROSS_ORGS) and (missing := unscoped_tables(text, tables))
    }
    assert wrong == {}


def test_the_check_sees_a_statement_without_an_org():
    tables = {"tickets", "members"}
    assert unscoped_tables("SELECT * FROM tickets WHERE id = $1", tables) == ["tickets"]
    assert unscoped_tables("SELECT * FROM tickets t JOIN members m ON m.id = t.x WHERE t.org_id = $1", tables)
    assert unscoped_tables("SELECT * FROM tickets WHERE org_id = $1 AND id = $2", tables) == []


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_sql_lives_in_repositories_tables_and_migrations_only(service: str):
    found = [
        path.name
        for path in (module.path for module in modules(service))
        if not SQL_MAY_LIVE_IN.search(path.as_posix())
        and re.search(r"[\"']\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_only_work_without_a_person_looks_across_orgs(service: str):
    names = {name.partition(".")[0] for name, _ in statements(service) if name.endswith(ACROSS_ORGS)}
    assert names <= {"housekeeping_repository", "sla_repository", "sweep_repository"}
