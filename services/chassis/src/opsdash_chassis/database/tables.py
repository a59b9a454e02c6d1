"""Tables every service database has: history (append-only), outbox, inbox, resolved dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg


def timestamp(name: str, *, nullable: bool = False, default_now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if default_now else None
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def add_event_tables(metadata: sa.MetaData) -> None:
    """Attach the shared tables to a service's metadata, so that its migrations and drift check see them."""
    sa.Table(
        "history",
        metadata,
        sa.Column("event_id", pg.UUID, primary_key=True),
        sa.Column("org_id", pg.UUID, nullable=False),
        sa.Column("aggregate_id", pg.UUID, nullable=False),
        sa.Column("aggregate_version", sa.BigInteger, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("actor_id", pg.UUID),
        timestamp("occurred_at"),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("headers", pg.JSON, nullable=False),
        sa.Column("data", pg.JSON, nullable=False),
        sa.UniqueConstraint("org_id", "aggregate_id", "aggregate_version"),
    )
    sa.Index("history_occurred_at", metadata.tables["history"].c.occurred_at)
    sa.Table(
        "outbox",
        metadata,
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", pg.UUID, nullable=False),
        sa.Column("org_id", pg.UUID, nullable=False),
        sa.Column("aggregate_id", pg.UUID, nullable=False),
        sa.Column("replayed", sa.Boolean, nullable=False, server_default=sa.false()),
        timestamp("recorded_at", default_now=True),
        sa.Column("parked_reason", sa.Text),
    )
    outbox = metadata.tables["outbox"]
    sa.Index("outbox_parked", outbox.c.aggregate_id, postgresql_where=outbox.c.parked_reason.is_not(None))
    sa.Table(
        "inbox",
        metadata,
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("event_id", pg.UUID, primary_key=True),
        sa.Column("content_sha256", pg.BYTEA, nullable=False),
        timestamp("received_at", default_now=True),
    )
    sa.Index("inbox_received_at", metadata.tables["inbox"].c.received_at)
    sa.Table(
        "idempotency_keys",
        metadata,
        sa.Column("org_id", pg.UUID, primary_key=True),
        sa.Column("user_id", pg.UUID, primary_key=True),
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_sha256", pg.BYTEA, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", pg.JSON, nullable=False),
        sa.Column("body", pg.BYTEA, nullable=False),
        timestamp("stored_at", default_now=True),
    )
    sa.Index("idempotency_keys_stored_at", metadata.tables["idempotency_keys"].c.stored_at)
    sa.Table(
        "dead_letters_resolved",
        metadata,
        sa.Column("dead_letter_id", pg.UUID, primary_key=True),
        sa.Column("resolution", sa.Text, nullable=False),
        timestamp("resolved_at", default_now=True),
    )
