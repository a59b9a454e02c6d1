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
    sa.Column("title", sa.Text),
    sa.Column("priority", sa.Text),
    sa.Column("category", sa.Text),
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
    sa.Column("note", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
)
sa.Index("inbox_rows_newest", inbox_rows.c.org_id, inbox_rows.c.user_id, inbox_rows.c.id, unique=True)
sa.Index("inbox_rows_subject", inbox_rows.c.org_id, inbox_rows.c.subject_id)
sa.Index("inbox_rows_updated_at", inbox_rows.c.updated_at)

# Those that are still to come; whoever tells of one deletes it.
reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, nullable=False),
    sa.Column("ticket_id", pg.UUID, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    timestamp("at"),
    sa.Column("note", sa.Text),
    timestamp("created_at"),
    sa.Column("version", sa.BigInteger, nullable=False),
)
sa.Index("reminders_at", reminders.c.at)
sa.Index("reminders_of_person", reminders.c.org_id, reminders.c.user_id, reminders.c.at, reminders.c.id)
sa.Index("reminders_of_ticket", reminders.c.org_id, reminders.c.ticket_id)

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
    sa.Column("include_text", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("version", sa.BigInteger, nullable=False),
)

notice_counters = sa.Table(
    "notice_counters",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("subject_id", pg.UUID, primary_key=True),
    sa.Column("notices", sa.BigInteger, nullable=False),
)

mails = sa.Table(
    "mails",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("notice_id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ticket_id", pg.UUID),
    sa.Column("number", sa.BigInteger),
    sa.Column("actor_id", pg.UUID),
    sa.Column("source_event_id", pg.UUID, nullable=False),
    timestamp("source_at"),
    sa.Column("is_urgent", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text),
    timestamp("made_at"),
    timestamp("due_at"),
    sa.Column("is_held", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("mail_id", pg.UUID),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("comment_id", pg.UUID),
)
sa.Index("mails_of_person", mails.c.org_id, mails.c.user_id, mails.c.due_at)
sa.Index("mails_leaving", mails.c.org_id, mails.c.mail_id, postgresql_where=mails.c.mail_id.is_not(None))

mail_turns = sa.Table(
    "mail_turns",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, primary_key=True),
    timestamp("due_at", nullable=True),
    sa.Column("left_at", pg.ARRAY(sa.TIMESTAMP(timezone=True)), nullable=False, server_default="{}"),
    timestamp("gathers_until", nullable=True),
)
sa.Index("mail_turns_due_at", mail_turns.c.due_at)

# The daily mail of a person in an org; without `due_at` it is done with.
overdue_digests = sa.Table(
    "overdue_digests",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("user_id", pg.UUID, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    timestamp("made_at"),
    timestamp("due_at", nullable=True),
)
sa.Index("overdue_digests_due_at", overdue_digests.c.due_at, postgresql_where=overdue_digests.c.due_at.is_not(None))

# Of a person, whatever the org. The release before reads and writes `language` alone, which has no "none".
sa.Table(
    "mail_preferences",
    metadata,
    sa.Column("user_id", pg.UUID, primary_key=True),
    sa.Column("turned", pg.JSONB, nullable=False, server_default="{}"),
    sa.Column("delay_seconds", sa.Integer, nullable=False, server_default="60"),
    sa.Column("quiet_begins", sa.Time),
    sa.Column("quiet_ends", sa.Time),
    sa.Column("quiet_zone", sa.Text),
    sa.Column("urgent_through", sa.Boolean, nullable=False, server_default="true"),
    timestamp("muted_until", nullable=True),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("chosen_language", sa.Text),
    sa.Column("digest_hour", sa.Integer),
    sa.Column("digest_zone", sa.Text),
    timestamp("digest_set_at", nullable=True),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
)

# `address` is encrypted; `shown` is what a person may see of it. A deleted one keeps its name, for who was told.
team_channels = sa.Table(
    "team_channels",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("shown", sa.Text, nullable=False),
    sa.Column("reasons", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("priorities", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("categories", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    timestamp("created_at"),
    timestamp("deleted_at", nullable=True),
    timestamp("disabled_at", nullable=True),
    sa.Column("disabled_why", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    timestamp("failing_since", nullable=True),
    timestamp("failed_at", nullable=True),
    sa.Column("failed_with", sa.Text),
)

team_messages = sa.Table(
    "team_messages",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("notice_id", pg.UUID, primary_key=True),
    sa.Column("channel_id", pg.UUID, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ticket_id", pg.UUID),
    sa.Column("number", sa.BigInteger),
    sa.Column("actor_id", pg.UUID),
    sa.Column("source_event_id", pg.UUID, nullable=False),
    timestamp("source_at"),
    timestamp("made_at"),
)
sa.Index("team_messages_of_channel", team_messages.c.org_id, team_messages.c.channel_id, team_messages.c.made_at)

team_turns = sa.Table(
    "team_turns",
    metadata,
    sa.Column("org_id", pg.UUID, primary_key=True),
    sa.Column("channel_id", pg.UUID, primary_key=True),
    timestamp("due_at", nullable=True),
    sa.Column("is_failing", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("left_at", pg.ARRAY(sa.TIMESTAMP(timezone=True)), nullable=False, server_default="{}"),
    timestamp("gathers_until", nullable=True),
)
sa.Index("team_turns_due_at", team_turns.c.due_at)
