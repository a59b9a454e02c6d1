"""First schema."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.event_migrations import create_event_tables
from opsdash_chassis.database.migrations import force_tenancy, grant
from opsdash_tenancy.migrations import create_directory
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

SERVICE = "comments"


def upgrade() -> None:
    create_event_tables(service=SERVICE)
    create_directory(service=SERVICE)
    create_threads()
    create_comments()
    create_revisions()
    for table in ("threads", "comments", "revisions"):
        force_tenancy(table, service=SERVICE)
    # Threads are facts about tickets: learnt by the worker, only counted on by requests.
    grant(
        "threads",
        service=SERVICE,
        app="SELECT, UPDATE (last_sequence, last_comment_at)",
        worker="SELECT, INSERT, UPDATE",
    )
    grant("comments", service=SERVICE, app="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
    grant("revisions", service=SERVICE, app="SELECT, INSERT, DELETE", worker="SELECT, DELETE")


def create_threads() -> None:
    op.create_table(
        "threads",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ticket_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("purged_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_comment_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("org_id", "ticket_id"),
        sa.UniqueConstraint("org_id", "number"),
    )


def create_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("ticket_id", sa.UUID(), nullable=False),
        sa.Column("parent_id", sa.UUID()),
        sa.Column("author_id", sa.UUID(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("renderer", sa.SmallInteger(), nullable=False),
        sa.Column("mentions", pg.ARRAY(sa.UUID()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("edited_by", sa.UUID()),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("deleted_by", sa.UUID()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id"),
        sa.UniqueConstraint("org_id", "ticket_id", "id"),
        sa.ForeignKeyConstraint(["org_id", "ticket_id"], ["threads.org_id", "threads.ticket_id"]),
        sa.ForeignKeyConstraint(
            ["org_id", "ticket_id", "parent_id"], ["comments.org_id", "comments.ticket_id", "comments.id"]
        ),
    )
    op.create_index("comments_in_order", "comments", ["org_id", "ticket_id", "created_at", "id"])


def create_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("comment_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("renderer", sa.SmallInteger(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("written_by", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "comment_id", "version"),
        sa.ForeignKeyConstraint(["org_id", "comment_id"], ["comments.org_id", "comments.id"]),
    )
