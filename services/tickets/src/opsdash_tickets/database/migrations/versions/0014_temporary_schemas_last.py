"""Let no temporary table stand in the place of one of ours in a function that runs as the owner."""

from opsdash_chassis.database.migrations import look_in_temporary_schemas_last

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    look_in_temporary_schemas_last()
