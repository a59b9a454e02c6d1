"""Reminders that people set for themselves, and their notes where they are told."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0004"
down_revision = "0003"

ROLES = "notifications"


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id"),
    )
    op.create_index("reminders_at", "reminders", ["at"])
    op.create_index("reminders_of_person", "reminders", ["org_id", "user_id", "at", "id"])
    op.create_index("reminders_of_ticket", "reminders", ["org_id", "ticket_id"])
    force_tenancy("reminders", service=ROLES)
    grant("reminders", service=ROLES, app="SELECT, INSERT, UPDATE, DELETE", worker="SELECT, UPDATE, DELETE")
    for table in ("inbox_rows", "mails"):
        op.add_column(table, sa.Column("note", sa.Text()))
