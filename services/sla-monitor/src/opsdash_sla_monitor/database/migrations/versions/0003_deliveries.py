"""Keep who was told of warnings and breaches, as the notifications service reports it."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0003"
down_revision = "0002"

ROLES = "sla_monitor"


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("source_event_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.UUID()),
        sa.Column("channel_id", sa.UUID()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("why", sa.Text()),
        sa.CheckConstraint("state IN ('sent', 'failed', 'skipped')", name="state_known"),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "notice_id"),
    )
    force_tenancy("deliveries", service=ROLES)
    grant("deliveries", service=ROLES, app="SELECT", worker="SELECT, INSERT, UPDATE")
