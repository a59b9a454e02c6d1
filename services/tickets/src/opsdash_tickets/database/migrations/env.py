"""Alembic environment of the tickets service."""

from opsdash_chassis.database.migrations import run_environment
from opsdash_tickets.database.tables import metadata

run_environment(metadata)
