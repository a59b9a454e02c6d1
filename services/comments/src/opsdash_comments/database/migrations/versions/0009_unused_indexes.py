"""Drop the index of the history that its unique key makes unnecessary, and that of a person's orgs."""

from alembic import op
from opsdash_chassis.database.event_migrations import drop_replay_index

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    drop_replay_index()
    op.execute("DROP INDEX IF EXISTS members_orgs_of_user")  # only tickets tell a person's orgs
