"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.event_migrations import create_event_tables
from opsdash_chassis.database.migrations import force_tenancy, grant
from opsdash_tenancy.migrations import add_directory_revision, create_directory
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

ROLES = "notifications"
TABLES = ("known_tickets", "watches", "inbox_rows", "notice_counters", "lasting_breaches", "org_settings")
# Whoever calls it asks for rows of several orgs, before there is a tenant: the function runs as the owner, whose
# policies let it read just these tables.
_INBOX_UNREAD = """
CREATE FUNCTION inbox_unread(caller uuid) RETURNS TABLE (org_id uuid, slug text, unread bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.org_id, o.slug, (
        SELECT count(*) FROM inbox_rows r
        LEFT JOIN known_tickets t ON t.org_id = r.org_id AND t.ticket_id = r.subject_id
        WHERE r.org_id = o.org_id AND r.user_id = caller AND r.state = 'unread' AND t.deleted_at IS NULL
    )
    FROM (
        SELECT DISTINCT m.org_id FROM members m WHERE m.user_id = caller AND m.removed_at IS NULL
    ) mine JOIN orgs o ON o.org_id = mine.org_id
    WHERE o.removed_at IS NULL AND o.plate <> 'free'
    ORDER BY o.name, o.org_id
$$
"""


def upgrade() -> None:
    create_event_tables(service=ROLES)
    create_directory(service=ROLES)
    add_directory_revision("members", service=ROLES)
    op.create_index("members_orgs_of_user", "members", ["user_id"])
    create_tickets()
    create_inbox()
    create_escalation()
    for table in TABLES:
        force_tenancy(table, service=ROLES)
    grant("known_tickets", service=ROLES, app="SELECT", worker="SELECT, INSERT, UPDATE")
    grant("watches", service=ROLES, app="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")
    grant("inbox_rows", service=ROLES, app="SELECT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")
    grant("notice_counters", service=ROLES, worker="SELECT, INSERT, UPDATE")
    grant("lasting_breaches", service=ROLES, worker="SELECT, INSERT, UPDATE, DELETE")
    grant("org_settings", service=ROLES, app="SELECT, INSERT, UPDATE", worker="SELECT")
    create_functions()


def create_tickets() -> None:
    op.create_table(
        "known_tickets",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.UUID()),
        sa.Column("assignee_id", sa.UUID()),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("purged_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("org_id", "ticket_id"),
    )
    op.create_index("known_tickets_number", "known_tickets", ["org_id", "number"])
    op.create_table(
        "watches",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "user_id"),
    )
    op.create_index("watches_user", "watches", ["org_id", "user_id"])


def create_inbox() -> None:
    op.create_table(
        "inbox_rows",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reasons", pg.JSONB(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.UUID()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_unread_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "user_id", "subject_id"),
    )
    op.create_index("inbox_rows_newest", "inbox_rows", ["org_id", "user_id", "id"], unique=True)
    op.create_index("inbox_rows_subject", "inbox_rows", ["org_id", "subject_id"])
    op.create_index("inbox_rows_updated_at", "inbox_rows", ["updated_at"])
    op.create_table(
        "notice_counters",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("notices", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "subject_id"),
    )


def create_escalation() -> None:
    op.create_table(
        "lasting_breaches",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("breached_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "ticket_id"),
    )
    op.create_table(
        "org_settings",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("escalate_after_hours", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )


def create_functions() -> None:
    """Unread rows in all orgs of a person; and when this database was made, for older events are not told."""
    for table in ("known_tickets", "inbox_rows"):
        op.execute(f"CREATE POLICY before_tenant ON {table} FOR SELECT TO {ROLES}_owner USING (true)")
    op.execute(_INBOX_UNREAD)
    op.execute("REVOKE ALL ON FUNCTION inbox_unread(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION inbox_unread(uuid) TO {ROLES}_app")
    op.execute("""
    DO $$ BEGIN
        EXECUTE format(
            'CREATE FUNCTION installed_at() RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN %L::timestamptz', now()
        );
    END $$
    """)
