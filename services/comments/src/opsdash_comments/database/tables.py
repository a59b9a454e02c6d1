"""The tables of the comments service, as its migrations and their drift check see them."""

from __future__ import annotations

import opsdash_markdown as markdown
import sqlalchemy as sa
from opsdash_chassis.database.tables import add_event_tables, timestamp
from opsdash_chassis.text import search_index
from opsdash_tenancy.tables import add_directory_tables
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
add_event_tables(metadata)
add_directory_tables(metadata)

threads = sa.Table(
    "threads",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("ticket_version", sa.BigInteger, nullable=False),
    timestamp("deleted_at", nullable=True),
    timestamp("purged_at", nullable=True),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    timestamp("last_comment_at", nullable=True),
    sa.UniqueConstraint("org_id", "number"),
)

comments = sa.Table(
    "comments",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, nullable=False),
    sa.Column("parent_id", pg.UUID),
    sa.Column("author_id", pg.UUID, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("body_html", sa.Text, nullable=False),
    sa.Column("renderer", sa.SmallInteger, nullable=False),
    sa.Column("mentions", pg.ARRAY(pg.UUID), nullable=False),
    timestamp("created_at"),
    timestamp("edited_at", nullable=True),
    sa.Column("edited_by", pg.UUID),
    timestamp("deleted_at", nullable=True),
    sa.Column("deleted_by", pg.UUID),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("search", pg.TSVECTOR),
    sa.Column("search_version", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    # The parent is a comment of the same ticket, and the database knows it.
    sa.UniqueConstraint("org_id", "ticket_id", "id"),
    sa.ForeignKeyConstraint(["org_id", "ticket_id"], ["threads.org_id", "threads.ticket_id"]),
    sa.ForeignKeyConstraint(
        ["org_id", "ticket_id", "parent_id"], ["comments.org_id", "comments.ticket_id", "comments.id"]
    ),
)
sa.Index("comments_in_order", comments.c.org_id, comments.c.ticket_id, comments.c.created_at, comments.c.id)
sa.Index("comments_search", comments.c.search, postgresql_using="gin", postgresql_where=comments.c.deleted_at.is_(None))
sa.Index(
    "comments_to_index",
    comments.c.org_id,
    comments.c.id,
    postgresql_where=sa.text(f"search_version < {search_index.VERSION}"),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("comment_id", pg.UUID, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("body_html", sa.Text, nullable=False),
    sa.Column("renderer", sa.SmallInteger, nullable=False),
    timestamp("written_at"),
    sa.Column("written_by", pg.UUID, nullable=False),
    sa.ForeignKeyConstraint(["org_id", "comment_id"], ["comments.org_id", "comments.id"]),
)

OUTDATED = sa.text(f"renderer < {markdown.VERSION}")
sa.Index("comments_outdated", comments.c.org_id, comments.c.id, postgresql_where=OUTDATED)
sa.Index(
    "revisions_outdated",
    revisions.c.org_id,
    revisions.c.comment_id,
    revisions.c.version,
    postgresql_where=OUTDATED,
)
