"""Drop the index of the history that its unique key makes unnecessary."""

from opsdash_chassis.database.event_migrations import drop_replay_index

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    drop_replay_index()
