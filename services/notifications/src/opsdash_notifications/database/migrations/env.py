"""Alembic environment of the notifications service."""

from opsdash_chassis.database.migrations import run_environment
from opsdash_notifications.database.tables import metadata

run_environment(metadata)
