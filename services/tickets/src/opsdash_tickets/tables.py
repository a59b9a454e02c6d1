"""The tables of the tickets service, as its migrations and their drift check see them."""

from __future__ import annotations

import sqlalchemy as sa
from opsdash_chassis.tables import add_event_tables, timestamp
from sqlalchemy.dialects import postgresql as pg

#: The schema revision this version of the service needs.
REVISION = "0001"
SERVICE = "tickets"

metadata = sa.MetaData()
add_event_tables(metadata)


def _directory(name: str, key: str, *columns: sa.Column[object]) -> sa.Table:
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


orgs = _directory(
    "orgs", "org_id", sa.Column("slug", sa.Text, nullable=False), sa.Column("plate", sa.Text, nullable=False)
)
members = _directory(
    "members",
    "member_id",
    sa.Column("user_id", pg.UUID),
    sa.Column("email", sa.Text),
    sa.Column("role", sa.Text),
)
contacts = _directory("contacts", "contact_id", sa.Column("email", sa.Text), sa.Column("company_id", pg.UUID))
companies = _directory("companies", "company_id")
projects = _directory("projects", "project_id")
sa.Index("orgs_slug", orgs.c.slug)
sa.Index("members_user", members.c.org_id, members.c.user_id)
sa.Index("members_orgs_of_user", members.c.user_id)

org_counters = sa.Table(
    "org_counters",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("last_number", sa.BigInteger, nullable=False),
    sa.Column("living_tickets", sa.BigInteger, nullable=False),
    sa.CheckConstraint("living_tickets >= 0", name="living_tickets_not_negative"),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("assignee_id", pg.UUID),
    sa.Column("contact_id", pg.UUID),
    sa.Column("project_id", pg.UUID),
    timestamp("sla_due_at", nullable=True),
    sa.Column("sla_source", sa.Text),
    timestamp("first_response_at", nullable=True),
    timestamp("resolved_at", nullable=True),
    timestamp("closed_at", nullable=True),
    sa.Column("reopen_count", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("comment_count", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("created_by", pg.UUID, nullable=False),
    timestamp("created_at"),
    timestamp("updated_at"),
    timestamp("deleted_at", nullable=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("org_id", "number"),
    sa.ForeignKeyConstraint(["org_id", "contact_id"], ["contacts.org_id", "contacts.contact_id"]),
    sa.ForeignKeyConstraint(["org_id", "project_id"], ["projects.org_id", "projects.project_id"]),
    sa.CheckConstraint("status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')", name="status_known"),
    sa.CheckConstraint("priority IN ('urgent', 'high', 'medium', 'low')", name="priority_known"),
)
sa.Index(
    "tickets_newest",
    tickets.c.org_id,
    tickets.c.created_at.desc(),
    tickets.c.id.desc(),
    postgresql_where=tickets.c.deleted_at.is_(None),
)
