"""The tables of the notifications service, as its migrations and their drift check see them."""

from __future__ import annotations

import sqlalchemy as sa
from opsdash_chassis.database.tables import add_event_tables, timestamp
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
add_event_tables(metadata)

activity = sa.Table(
    "activity",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("last_event_type", sa.Text, nullable=False),
    timestamp("last_event_at"),
)
