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
    choose_languages()
    op.add_column("mail_preferences", sa.Column("digest_hour", sa.Integer()))
    op.add_column("mail_preferences", sa.Column("digest_zone", sa.Text()))
    op.add_column("mail_preferences", sa.Column("digest_set_at", sa.TIMESTAMP(timezone=True)))
    create_digests()


def choose_languages() -> None:
    """`language` stays as the release before reads it. English there may be nobody's choice: it counts as none."""
    op.add_column("mail_preferences", sa.Column("chosen_language", sa.Text()))
    op.execute("ALTER TABLE mail_preferences NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE mail_preferences SET chosen_language = language WHERE language <> 'en'")
    op.execute("ALTER TABLE mail_preferences FORCE ROW LEVEL SECURITY")


def create_digests() -> None:
    op.create_table(
        "overdue_digests",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("org_id", "user_id", "day"),
    )
    waiting = sa.text("due_at IS NOT NULL")
    op.create_index("overdue_digests_due_at", "overdue_digests", ["due_at"], postgresql_where=waiting)
    force_tenancy("overdue_digests", service=ROLES)
    grant("overdue_digests", service=ROLES, worker="SELECT, INSERT, UPDATE, DELETE")
