"""Migrations are found wherever the project lies."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory
from opsdash_chassis.database.migrations import alembic_config


def test_the_path_of_the_migrations_may_hold_a_percent_sign(tmp_path: Path) -> None:
    place = tmp_path / "100%sure" / "migrations"
    (place / "versions").mkdir(parents=True)
    (place / "versions" / "0001_first.py").write_text('revision = "0001"\ndown_revision = None\n')
    assert ScriptDirectory.from_config(alembic_config(place, "unused")).get_heads() == ["0001"]
