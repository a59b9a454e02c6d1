"""The tables of the SLA monitor, as its migrations and their drift check see them."""

from __future__ import annotations

import sqlalchemy as sa
from opsdash_chassis.database.tables import add_event_tables, timestamp
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
add_event_tables(metadata)

# One row per ticket: its newest known version, and what the monitor does next about it, if anything.
deadlines = sa.Table(
    "deadlines",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("assignee_id", pg.UUID),
    sa.Column("created_by", pg.UUID, nullable=False),
    timestamp("created_at"),
    timestamp("due_at", nullable=True),
    sa.Column("sla_source", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    timestamp("since"),
    sa.Column("next_step", sa.Text),
    timestamp("next_at", nullable=True),
    sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
    timestamp("unanswered_since", nullable=True),
    sa.CheckConstraint("(next_at IS NULL) = (next_step IS NULL)", name="next_step_has_a_time"),
)
# All the work there is, in the order it falls due; finished and unscheduled tickets are not in it.
sa.Index("deadlines_next", deadlines.c.next_at, postgresql_where=deadlines.c.next_at.is_not(None))

# What was told, or not told, about a ticket at a due time: the key is what makes a notice happen once.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("due_at", sa.TIMESTAMP(timezone=True), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("event_id", pg.UUID),
    timestamp("detected_at", nullable=True),
    sa.Column("lateness_ms", sa.BigInteger),
    sa.Column("confirmed", sa.Boolean),
    timestamp("withheld_at", nullable=True),
    timestamp("again_at", nullable=True),
    sa.CheckConstraint("kind IN ('warning', 'breach')", name="kind_known"),
)
# Who was told of a notice by which channel, or why not: the newest report of the notifications service.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("notice_id", pg.UUID, primary_key=True),
    sa.Column("source_event_id", pg.UUID, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("recipient_id", pg.UUID),
    sa.Column("channel_id", pg.UUID),
    sa.Column("state", sa.Text, nullable=False),
    timestamp("at"),
    sa.Column("why", sa.Text),
    sa.CheckConstraint("state IN ('sent', 'failed', 'skipped')", name="state_known"),
)
# Orgs whose plate has no support while something was due: asked about once per sweep, not once per ticket.
withheld_orgs = sa.Table(
    "withheld_orgs",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    timestamp("since", default_now=True),
)
