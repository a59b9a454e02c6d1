"""The shared tables in the first migration of a new service.

Fixed once a service was migrated with it: whatever changes later is a further migration of every service. An index that
nothing needs any more is taken out here too, and such a migration drops it where it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from opsdash_chassis.database.migrations import force_tenancy, grant, protect_event_tables


def create_event_tables(*, service: str) -> None:
    """History, outbox, inbox, idempotency keys and resolved dead letters, with their tenancy and privileges."""
    _create_history()
    _create_outbox()
    _create_inbox()
    _create_idempotency_keys()
    protect_event_tables(service=service)
    force_tenancy("idempotency_keys", service=service)
    grant("idempotency_keys", service=service, app="SELECT, INSERT, UPDATE", worker="SELECT, DELETE")


def drop_replay_index() -> None:
    """Leave replays to the unique key of the history, which has the same columns behind the org."""
    op.execute("DROP INDEX IF EXISTS history_replay")


def _moment(name: str, *, default_now: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.TIMESTAMP(timezone=True),
        nullable=False,
        server_default=sa.text("now()") if default_now else None,
    )


def _create_history() -> None:
    op.create_table(
        "history",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.UUID()),
        _moment("occurred_at"),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("headers", pg.JSON(), nullable=False),
        sa.Column("data", pg.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("org_id", "aggregate_id", "aggregate_version"),
    )
    op.create_index("history_occurred_at", "history", ["occurred_at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("aggregate_id", sa.UUID(), nullable=False),
        sa.Column("replayed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("recorded_at", default_now=True),
        sa.Column("parked_reason", sa.Text()),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("outbox_parked", "outbox", ["aggregate_id"], postgresql_where=sa.text("parked_reason IS NOT NULL"))


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("content_sha256", pg.BYTEA(), nullable=False),
        _moment("received_at", default_now=True),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    op.create_index("inbox_received_at", "inbox", ["received_at"])
    op.create_table(
        "dead_letters_resolved",
        sa.Column("dead_letter_id", sa.UUID(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        _moment("resolved_at", default_now=True),
        sa.PrimaryKeyConstraint("dead_letter_id"),
    )


def _create_idempotency_keys() -> None:
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
        _moment("stored_at", default_now=True),
        sa.PrimaryKeyConstraint("org_id", "user_id", "route", "key"),
    )
    op.create_index("idempotency_keys_stored_at", "idempotency_keys", ["stored_at"])
