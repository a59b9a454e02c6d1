"""Mails that are to leave, and what people said about them."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"

ROLES = "notifications"
USER_IS_CURRENT = "user_id = nullif(current_setting('app.user_id', true), '')::uuid"


def upgrade() -> None:
    op.add_column("known_tickets", sa.Column("title", sa.Text()))
    create_mails()
    create_turns()
    for table in ("mails", "mail_turns"):
        force_tenancy(table, service=ROLES)
        grant(table, service=ROLES, worker="SELECT, INSERT, UPDATE, DELETE")
    create_preferences()


def create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("notice_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.UUID()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("actor_id", sa.UUID()),
        sa.Column("source_event_id", sa.UUID(), nullable=False),
        sa.Column("source_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("mail_id", sa.UUID()),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("org_id", "notice_id"),
    )
    op.create_index("mails_of_person", "mails", ["org_id", "user_id", "due_at"])
    begun = sa.text("mail_id IS NOT NULL")
    op.create_index("mails_leaving", "mails", ["org_id", "mail_id"], postgresql_where=begun)


def create_turns() -> None:
    op.create_table(
        "mail_turns",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("left_at", pg.ARRAY(sa.TIMESTAMP(timezone=True)), nullable=False, server_default="{}"),
        sa.Column("gathers_until", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("org_id", "user_id"),
    )
    op.create_index("mail_turns_due_at", "mail_turns", ["due_at"])


def create_preferences() -> None:
    """Of a person, whatever the org: the policy is keyed on the user, and the worker role only reads."""
    op.create_table(
        "mail_preferences",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("turned", pg.JSONB(), nullable=False, server_default="{}"),
        sa.Column("delay_seconds", sa.Integer(), nullable=False, server_default="60"),
        sa.Column("quiet_begins", sa.Time()),
        sa.Column("quiet_ends", sa.Time()),
        sa.Column("quiet_zone", sa.Text()),
        sa.Column("urgent_through", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("muted_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("language", sa.Text(), nullable=False, server_default="en"),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.execute("ALTER TABLE mail_preferences ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE mail_preferences FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own ON mail_preferences TO {ROLES}_app USING ({USER_IS_CURRENT}) WITH CHECK ({USER_IS_CURRENT})"
    )
    op.execute(f"CREATE POLICY worker ON mail_preferences FOR SELECT TO {ROLES}_worker USING (true)")
    grant("mail_preferences", service=ROLES, app="SELECT, INSERT, UPDATE", worker="SELECT")
