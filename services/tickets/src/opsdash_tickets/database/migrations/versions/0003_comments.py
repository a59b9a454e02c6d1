"""What tickets keep of their comments: each one's newest state, and every event of it for the activity."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_states()
    create_history()
    for table, worker in (("comment_states", "SELECT, INSERT, UPDATE"), ("comment_history", "SELECT, INSERT")):
        force_tenancy(table, service="tickets")
        grant(table, service="tickets", app="SELECT", worker=worker)


def create_states() -> None:
    op.create_table(
        "comment_states",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("comment_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("org_id", "comment_id"),
    )
    op.create_index(
        "comment_states_living",
        "comment_states",
        ["org_id", "ticket_id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def create_history() -> None:
    op.create_table(
        "comment_history",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("ticket_sequence", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.UUID(), nullable=False),
        sa.Column("comment_version", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.UUID()),
        sa.Column("actor_id", sa.UUID()),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changes", pg.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "ticket_sequence"),
    )
