"""Alembic environment of the comments service."""

from opsdash_chassis.database.migrations import run_environment
from opsdash_comments.database.tables import metadata

run_environment(metadata)
