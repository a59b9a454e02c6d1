"""Team channels: where the chats of orgs are, what is to leave to them, and what filters look at."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"

ROLES = "notifications"
TIME = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    for name in ("priority", "category"):
        op.add_column("known_tickets", sa.Column(name, sa.Text()))
    create_channels()
    create_messages()
    create_turns()
    for table in ("team_channels", "team_messages", "team_turns"):
        force_tenancy(table, service=ROLES)
    changes = "SELECT, INSERT, UPDATE, DELETE"
    grant("team_channels", service=ROLES, app="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
    grant("team_messages", service=ROLES, worker=changes)
    grant("team_turns", service=ROLES, app="SELECT, UPDATE", worker=changes)  # a channel that is mended is due


def create_channels() -> None:
    op.create_table(
        "team_channels",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("reasons", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("priorities", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("categories", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
        sa.Column("disabled_at", TIME),
        sa.Column("disabled_why", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", TIME),
        sa.Column("failed_at", TIME),
        sa.Column("failed_with", sa.Text()),
        sa.PrimaryKeyConstraint("org_id", "id"),
    )


def create_messages() -> None:
    op.create_table(
        "team_messages",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.UUID()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("actor_id", sa.UUID()),
        sa.Column("source_event_id", sa.UUID(), nullable=False),
        sa.Column("source_at", TIME, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "notice_id"),
    )
    op.create_index("team_messages_of_channel", "team_messages", ["org_id", "channel_id", "made_at"])


def create_turns() -> None:
    op.create_table(
        "team_turns",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("is_failing", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("left_at", pg.ARRAY(TIME), nullable=False, server_default="{}"),
        sa.Column("gathers_until", TIME),
        sa.PrimaryKeyConstraint("org_id", "channel_id"),
    )
    op.create_index("team_turns_due_at", "team_turns", ["due_at"])
