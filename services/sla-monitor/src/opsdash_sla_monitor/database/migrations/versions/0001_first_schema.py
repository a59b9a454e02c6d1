"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.event_migrations import create_event_tables
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0001"
down_revision = None

ROLES = "sla_monitor"


def moment(name: str, *, nullable: bool = False, default_now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if default_now else None
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def upgrade() -> None:
    create_event_tables(service=ROLES)
    add_deadlines()
    add_notices()
    for table in ("deadlines", "notices"):
        force_tenancy(table, service=ROLES)
        grant(table, service=ROLES, app="SELECT", worker="SELECT, INSERT, UPDATE")
    force_tenancy("withheld_orgs", service=ROLES)
    grant("withheld_orgs", service=ROLES, app="SELECT", worker="SELECT, INSERT, DELETE")


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
