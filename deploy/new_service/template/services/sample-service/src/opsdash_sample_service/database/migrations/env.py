"""Alembic environment of the sample-service service."""

from opsdash_chassis.database.migrations import run_environment
from opsdash_sample_service.database.tables import metadata

run_environment(metadata)
