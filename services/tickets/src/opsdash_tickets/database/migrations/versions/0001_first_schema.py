"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant, protect_event_tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

DIRECTORY = ("orgs", "members", "contacts", "companies", "projects")

# The caller's membership decides which tenant a transaction belongs to, so it is looked up before there is one. Both
# functions run as the owner, whose policy lets it read just these two tables.
ENTER_ORG = """
CREATE FUNCTION enter_org(wanted_slug text, caller uuid)
RETURNS TABLE (org_id uuid, plate text, role text, transaction_time timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    SELECT o.org_id, o.plate, m.role, now() INTO org_id, plate, role, transaction_time
    FROM orgs o JOIN members m ON m.org_id = o.org_id
    WHERE o.slug = wanted_slug AND o.removed_at IS NULL AND m.user_id = caller AND m.removed_at IS NULL
    ORDER BY o.version DESC, m.version DESC LIMIT 1;
    IF FOUND THEN
        PERFORM set_config('app.org_id', org_id::text, true);
        RETURN NEXT;
    END IF;
END $$
"""
ORGS_OF_USER = """
CREATE FUNCTION orgs_of_user(caller uuid)
RETURNS TABLE (org_id uuid, slug text, name text, plate text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT DISTINCT ON (o.name, o.org_id) o.org_id, o.slug, o.name, o.plate, m.role
    FROM members m JOIN orgs o ON o.org_id = m.org_id
    WHERE m.user_id = caller AND m.removed_at IS NULL AND o.removed_at IS NULL
    ORDER BY o.name, o.org_id, m.version DESC
$$
"""


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("company_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "company_id"),
    )
    op.create_table(
        "contacts",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("contact_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("company_id", sa.UUID(), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "contact_id"),
    )
    op.create_table(
        "dead_letters_resolved",
        sa.Column("dead_letter_id", sa.UUID(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("dead_letter_id"),
    )
    op.create_table(
        "history",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("data", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("org_id", "aggregate_id", "aggregate_version"),
    )
    op.create_index("history_occurred_at", "history", ["occurred_at"], unique=False)
    op.create_index(
        "history_replay",
        "history",
        ["aggregate_id", sa.literal_column("aggregate_version DESC")],
        unique=False,
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("content_sha256", postgresql.BYTEA(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    op.create_index("inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_table(
        "members",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "member_id"),
    )
    op.create_index("members_orgs_of_user", "members", ["user_id"], unique=False)
    op.create_index("members_user", "members", ["org_id", "user_id"], unique=False)
    op.create_table(
        "org_counters",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("living_tickets", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("living_tickets >= 0", name="living_tickets_not_negative"),
        sa.PrimaryKeyConstraint("org_id"),
    )
    op.create_table(
        "orgs",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )
    op.create_index("orgs_slug", "orgs", ["slug"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("replayed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index(
        "outbox_parked",
        "outbox",
        ["aggregate_id"],
        unique=False,
        postgresql_where=sa.text("parked_reason IS NOT NULL"),
    )
    op.create_table(
        "projects",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("project_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "project_id"),
    )
    op.create_table(
        "tickets",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.UUID(), nullable=True),
        sa.Column("contact_id", sa.UUID(), nullable=True),
        sa.Column("project_id", sa.UUID(), nullable=True),
        sa.Column("sla_due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sla_source", sa.Text(), nullable=True),
        sa.Column("first_response_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reopen_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("comment_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("priority IN ('urgent', 'high', 'medium', 'low')", name="priority_known"),
        sa.CheckConstraint("status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')", name="status_known"),
        sa.ForeignKeyConstraint(
            ["org_id", "contact_id"],
            ["contacts.org_id", "contacts.contact_id"],
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "project_id"],
            ["projects.org_id", "projects.project_id"],
        ),
        sa.PrimaryKeyConstraint("org_id", "id"),
        sa.UniqueConstraint("org_id", "number"),
    )
    op.create_index(
        "tickets_newest",
        "tickets",
        ["org_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    protect()


def protect() -> None:
    """Tenancy, privileges, and the two functions that look across orgs before a tenant is known."""
    protect_event_tables(service="tickets")
    for table in DIRECTORY:
        force_tenancy(table, service="tickets")
        grant(table, service="tickets", app="SELECT", worker="SELECT, INSERT, UPDATE")
    for table in ("tickets", "org_counters"):
        force_tenancy(table, service="tickets")
        grant(table, service="tickets", app="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    for table in ("orgs", "members"):
        op.execute(f"CREATE POLICY before_tenant ON {table} FOR SELECT TO tickets_owner USING (true)")
    for statement in (ENTER_ORG, ORGS_OF_USER):
        op.execute(statement)
    for function in ("enter_org(text, uuid)", "orgs_of_user(uuid)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO tickets_app")
