"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.migrations import force_tenancy, grant, protect_event_tables
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

ROLES = "sla_monitor"


def moment(name: str, *, nullable: bool = False, default_now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if default_now else None
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    add_history()
    add_outbox()
    add_inbox()
    add_deadlines()
    add_notices()
    protect_event_tables(service=ROLES)
    force_tenancy("idempotency_keys", service=ROLES)
    grant("idempotency_keys", service=ROLES, app="SELECT, INSERT, UPDATE", worker="SELECT, DELETE")
    for table in ("deadlines", "notices"):
        force_tenancy(table, service=ROLES)
        grant(table, service=ROLES, app="SELECT", worker="SELECT, INSERT, UPDATE")
    force_tenancy("withheld_orgs", service=ROLES)
    grant("withheld_orgs", service=ROLES, app="SELECT", worker="SELECT, INSERT, DELETE")


def add_history() -> None:
    op.create_table(
        "history",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.UUID()),
        moment("occurred_at"),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("headers", pg.JSON(), nullable=False),
        sa.Column("data", pg.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("org_id", "aggregate_id", "aggregate_version"),
    )
    op.create_index("history_occurred_at", "history", ["occurred_at"])
    op.create_index("history_replay", "history", ["aggregate_id", sa.literal_column("aggregate_version DESC")])


def add_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("replayed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        moment("recorded_at", default_now=True),
        sa.Column("parked_reason", sa.Text()),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("outbox_parked", "outbox", ["aggregate_id"], postgresql_where=sa.text("parked_reason IS NOT NULL"))


def add_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("content_sha256", pg.BYTEA(), nullable=False),
        moment("received_at", default_now=True),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    op.create_index("inbox_received_at", "inbox", ["received_at"])
    op.create_table(
        "dead_letters_resolved",
        sa.Column("dead_letter_id", sa.UUID(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        moment("resolved_at", default_now=True),
        sa.PrimaryKeyConstraint("dead_letter_id"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", pg.BYTEA(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", pg.JSON(), nullable=False),
        sa.Column("body", pg.BYTEA(), nullable=False),
        moment("stored_at", default_now=True),
        sa.PrimaryKeyConstraint("org_id", "user_id", "route", "key"),
    )
    op.create_index("idempotency_keys_stored_at", "idempotency_keys", ["stored_at"])


def add_deadlines() -> None:
    op.create_table(
        "deadlines",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.UUID()),
        sa.Column("created_by", sa.UUID(), nullable=False),
        moment("created_at"),
        moment("due_at", nullable=True),
        sa.Column("sla_source", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        moment("since"),
        sa.Column("next_step", sa.Text()),
        moment("next_at", nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        moment("unanswered_since", nullable=True),
        sa.CheckConstraint("(next_at IS NULL) = (next_step IS NULL)", name="next_step_has_a_time"),
        sa.PrimaryKeyConstraint("org_id", "ticket_id"),
    )
    op.create_index("deadlines_next", "deadlines", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))


def add_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        moment("due_at"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.UUID()),
        moment("detected_at", nullable=True),
        sa.Column("lateness_ms", sa.BigInteger()),
        sa.Column("confirmed", sa.Boolean()),
        moment("withheld_at", nullable=True),
        moment("again_at", nullable=True),
        sa.CheckConstraint("kind IN ('warning', 'breach')", name="kind_known"),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "due_at", "kind"),
    )
    op.create_table(
        "withheld_orgs",
        sa.Column("org_id", sa.UUID(), nullable=False),
        moment("since", default_now=True),
        sa.PrimaryKeyConstraint("org_id"),
    )
