"""Alembic environment of the SLA monitor."""

from opsdash_chassis.database.migrations import run_environment
from opsdash_sla_monitor.database.tables import metadata

run_environment(metadata)
