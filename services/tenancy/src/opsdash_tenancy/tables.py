"""The replica of the workspace directory that every service with tenants keeps: orgs and their members."""

from __future__ import annotations

import sqlalchemy as sa
from opsdash_chassis.database.tables import timestamp
from sqlalchemy.dialects import postgresql as pg


def directory_table(metadata: sa.MetaData, name: str, key: str, *columns: sa.Column[object]) -> sa.Table:
    """A replica of one kind of workspace entity; removed ones stay, so that their names can still be shown."""
    return sa.Table(
        name,
        metadata,
        sa.Column("org_id", pg.UUID, primary_key=True),
        *([sa.Column(key, pg.UUID, primary_key=True)] if key != "org_id" else []),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        timestamp("removed_at", nullable=True),
        *columns,
    )


def add_directory_tables(metadata: sa.MetaData) -> None:
    """Attach orgs and members to a service's metadata."""
    orgs = directory_table(
        metadata,
        "orgs",
        "org_id",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("plate", sa.Text, nullable=False),
        sa.Column("directory_revision", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    members = directory_table(
        metadata,
        "members",
        "member_id",
        sa.Column("user_id", pg.UUID),
        sa.Column("email", sa.Text),
        sa.Column("role", sa.Text),
    )
    sa.Index("orgs_slug", orgs.c.slug)
    sa.Index("members_user", members.c.org_id, members.c.user_id)
