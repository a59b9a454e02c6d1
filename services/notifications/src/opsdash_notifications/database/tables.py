"""The tables of the notifications service, as its migrations and their drift check see them."""

from __future__ import annotations

import sqlalchemy as sa
from opsdash_chassis.database.tables import add_event_tables, timestamp
from opsdash_tenancy.tables import add_directory_tables
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
add_event_tables(metadata)
add_directory_tables(metadata)
# For `inbox_unread`, which goes through all orgs of a person.
sa.Index("members_orgs_of_user", metadata.tables["members"].c.user_id)

known_tickets = sa.Table(
    "known_tickets",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_by", pg.UUID),
    sa.Column("assignee_id", pg.UUID),
    timestamp("deleted_at", nullable=True),
    timestamp("purged_at", nullable=True),
)
sa.Index("known_tickets_number", known_tickets.c.org_id, known_tickets.c.number)

watches = sa.Table(
    "watches",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    timestamp("changed_at"),
)
sa.Index("watches_user", watches.c.org_id, watches.c.user_id)

# The subject is a ticket, or the org itself: then there is no number.
inbox_rows = sa.Table(
    "inbox_rows",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, primary_key=True),
    sa.Column("subject_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, nullable=False),
    sa.Column("number", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reasons", pg.JSONB, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("actor_id", pg.UUID),
    sa.Column("state", sa.Text, nullable=False),
    timestamp("first_unread_at"),
    timestamp("updated_at"),
    sa.Column("version", sa.BigInteger, nullable=False),
)
sa.Index("inbox_rows_newest", inbox_rows.c.org_id, inbox_rows.c.user_id, inbox_rows.c.id, unique=True)
sa.Index("inbox_rows_subject", inbox_rows.c.org_id, inbox_rows.c.subject_id)
sa.Index("inbox_rows_updated_at", inbox_rows.c.updated_at)

# Due times that have passed, until they are moved or met, or owners and admins were told of them.
lasting_breaches = sa.Table(
    "lasting_breaches",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("event_id", pg.UUID, nullable=False),
    timestamp("breached_at"),
)

org_settings = sa.Table(
    "org_settings",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("escalate_after_hours", sa.Integer, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

notice_counters = sa.Table(
    "notice_counters",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("subject_id", pg.UUID, primary_key=True),
    sa.Column("notices", sa.BigInteger, nullable=False),
)
