"""The tables of the tickets service, as its migrations and their drift check see them."""

from __future__ import annotations

import opsdash_markdown as markdown
import sqlalchemy as sa
from opsdash_chassis.database.tables import add_event_tables, timestamp
from opsdash_chassis.text import search_index
from opsdash_contracts.ticket_rules import ACTIVE
from opsdash_contracts.tickets import Outcome, Priority, Status
from opsdash_tenancy.tables import add_directory_tables, directory_table
from sqlalchemy.dialects import postgresql as pg

from opsdash_tickets.tickets.predicates import one_of

metadata = sa.MetaData()
add_event_tables(metadata)
add_directory_tables(metadata)
# For `orgs_of_user`, which no other service has.
sa.Index("members_orgs_of_user", metadata.tables["members"].c.user_id)
contacts = directory_table(
    metadata, "contacts", "contact_id", sa.Column("email", sa.Text), sa.Column("company_id", pg.UUID)
)
sa.Index("contacts_by_company", contacts.c.org_id, contacts.c.company_id)
companies = directory_table(metadata, "companies", "company_id")
projects = directory_table(metadata, "projects", "project_id")
for name in ("members", "contacts", "companies", "projects"):
    names = metadata.tables[name]
    names.append_column(sa.Column("folded", sa.Text))
    sa.Index(f"{name}_to_fold", names.c.org_id, postgresql_where=names.c.folded.is_(None))

org_counters = sa.Table(
    "org_counters",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("last_number", sa.BigInteger, nullable=False),
    sa.Column("living_tickets", sa.BigInteger, nullable=False),
    sa.Column("usage_notices", sa.BigInteger, nullable=False, server_default=sa.text("0")),
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
    timestamp("purged_at", nullable=True),
    timestamp("sla_breached_at", nullable=True),
    sa.Column("sla_outcome", sa.Text),
    sa.Column("description_html", sa.Text),
    sa.Column("renderer", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.Column(
        "priority_rank",
        sa.SmallInteger,
        sa.Computed(
            "CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 ELSE 1 END", persisted=True
        ),
        nullable=False,
    ),
    sa.Column("search", pg.TSVECTOR, nullable=False),
    sa.Column("search_version", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
    sa.UniqueConstraint("org_id", "number"),
    sa.ForeignKeyConstraint(["org_id", "contact_id"], ["contacts.org_id", "contacts.contact_id"]),
    sa.ForeignKeyConstraint(["org_id", "project_id"], ["projects.org_id", "projects.project_id"]),
    sa.CheckConstraint(one_of("status", Status), name="status_known"),
    sa.CheckConstraint(one_of("priority", Priority), name="priority_known"),
    sa.CheckConstraint(one_of("sla_outcome", Outcome), name="sla_outcome_known"),
)
#: Whose tickets are found by an older name yet, and the last ticket that is found by the new one.
changed_contacts = sa.Table(
    "changed_contacts",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("contact_id", pg.UUID, primary_key=True),
    sa.Column(
        "indexed_up_to",
        pg.UUID,
        nullable=False,
        server_default=sa.text("'00000000-0000-0000-0000-000000000000'::uuid"),
    ),
    timestamp("changed_at", default_now=True),
)
sa.Index("changed_contacts_in_order", changed_contacts.c.changed_at)
comment_states = sa.Table(
    "comment_states",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("comment_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    timestamp("deleted_at", nullable=True),
)
sa.Index(
    "comment_states_living",
    comment_states.c.org_id,
    comment_states.c.ticket_id,
    postgresql_where=comment_states.c.deleted_at.is_(None),
)

comment_history = sa.Table(
    "comment_history",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("ticket_id", pg.UUID, primary_key=True),
    sa.Column("ticket_sequence", sa.BigInteger, primary_key=True),
    sa.Column("event_id", pg.UUID, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("comment_id", pg.UUID, nullable=False),
    sa.Column("comment_version", sa.BigInteger, nullable=False),
    sa.Column("parent_id", pg.UUID),
    sa.Column("actor_id", pg.UUID),
    timestamp("occurred_at"),
    sa.Column("changes", pg.JSON, nullable=False),
)

#: Of people, not of orgs: the one table whose row-level security is keyed on the user.
user_preferences = sa.Table(
    "user_preferences",
    metadata,
    sa.Column("user_id", pg.UUID, primary_key=True),
    sa.Column("tour_seen", sa.Boolean, nullable=False),
    sa.Column("shortcuts", sa.Boolean, nullable=False),
    timestamp("updated_at", default_now=True),
)

NOT_DELETED = tickets.c.deleted_at.is_(None)
# CASE instead of coalesce(): PostgreSQL does not take coalesce() for leakproof, so below row-level security a condition
# with it could not use the index.
OPEN_ENDED = sa.text("(CASE WHEN sla_due_at IS NULL THEN 'infinity'::timestamptz ELSE sla_due_at END)")


def _not_deleted_index(name: str, *columns: sa.ColumnElement[object] | sa.TextClause) -> None:
    """An index of one org's living tickets; keyset pages walk it in either direction."""
    sa.Index(name, tickets.c.org_id, *columns, tickets.c.id, postgresql_where=NOT_DELETED)


sa.Index(
    "tickets_newest", tickets.c.org_id, tickets.c.created_at.desc(), tickets.c.id.desc(), postgresql_where=NOT_DELETED
)
_not_deleted_index("tickets_by_update", tickets.c.updated_at)
_not_deleted_index("tickets_by_due_time", OPEN_ENDED)
_not_deleted_index("tickets_by_priority", tickets.c.priority_rank)
_not_deleted_index("tickets_by_assignee", tickets.c.assignee_id)
sa.Index(
    "tickets_active_due",
    tickets.c.org_id,
    tickets.c.sla_due_at,
    tickets.c.priority,
    tickets.c.assignee_id,
    postgresql_where=sa.text(f"deleted_at IS NULL AND {one_of('status', ACTIVE)}"),
)
sa.Index("tickets_search", tickets.c.search, postgresql_using="gin", postgresql_where=NOT_DELETED)
sa.Index(
    "tickets_to_purge",
    tickets.c.deleted_at,
    postgresql_where=sa.text("deleted_at IS NOT NULL AND purged_at IS NULL"),
)
sa.Index("tickets_outdated", tickets.c.org_id, tickets.c.id, postgresql_where=sa.text(f"renderer < {markdown.VERSION}"))
sa.Index(
    "tickets_to_index",
    tickets.c.org_id,
    tickets.c.id,
    postgresql_where=sa.text(f"search_version < {search_index.VERSION}"),
)
sa.Index(
    "tickets_by_contact",
    tickets.c.org_id,
    tickets.c.contact_id,
    tickets.c.id,
    postgresql_where=tickets.c.contact_id.is_not(None),
)
