"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.event_migrations import create_event_tables
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0001"
down_revision = None

ROLES = "notifications"


def upgrade() -> None:
    create_event_tables(service=ROLES)
    op.create_table(
        "activity",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("last_event_type", sa.Text(), nullable=False),
        sa.Column("last_event_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "ticket_id"),
    )
    force_tenancy("activity", service=ROLES)
    grant("activity", service=ROLES, app="SELECT", worker="SELECT, INSERT, UPDATE")
