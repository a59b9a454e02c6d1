"""Whether mails have texts, in which language they are, and the hour of a person's digest."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0005"
down_revision = "0004"

ROLES = "notifications"


def upgrade() -> None:
    op.add_column("org_settings", sa.Column("include_text", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("org_settings", sa.Column("language", sa.Text(), nullable=False, server_default="en"))
    op.add_column("mails", sa.Column("comment_id", sa.UUID()))
    # English was everybody's who had chosen nothing: from now on that is the org's choice.
    op.alter_column("mail_preferences", "language", nullable=True, server_default=None)
    op.execute("ALTER TABLE mail_preferences NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE mail_preferences SET language = NULL WHERE language = 'en'")
    op.execute("ALTER TABLE mail_preferences FORCE ROW LEVEL SECURITY")
    op.add_column("mail_preferences", sa.Column("digest_hour", sa.Integer()))
    op.add_column("mail_preferences", sa.Column("digest_zone", sa.Text()))
    op.add_column("mail_preferences", sa.Column("digest_set_at", sa.TIMESTAMP(timezone=True)))
    create_digests()


def create_digests() -> None:
    op.create_table(
        "overdue_digests",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("org_id", "user_id", "day"),
    )
    waiting = sa.text("due_at IS NOT NULL")
    op.create_index("overdue_digests_due_at", "overdue_digests", ["due_at"], postgresql_where=waiting)
    force_tenancy("overdue_digests", service=ROLES)
    grant("overdue_digests", service=ROLES, worker="SELECT, INSERT, UPDATE, DELETE")
