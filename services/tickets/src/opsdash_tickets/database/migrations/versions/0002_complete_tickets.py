"""Search, sorting, caps, idempotency and purge."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"

# Every word carries the org in front of it. So a search touches only the posting lists of its own org: its cost does
# not grow with the database, and a word of another org cannot match even if every other check failed.
SEARCH_WORD = """
CREATE FUNCTION search_word(org_id uuid, word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN right(org_id::text, 12) || ':' || word
"""
SEARCH_LEXEMES = """
CREATE FUNCTION search_lexemes(org_id uuid, title text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT array_to_tsvector(coalesce(array_agg(search_word(org_id, word)), '{}'))
    FROM unnest(tsvector_to_array(to_tsvector('simple'::regconfig, title || ' ' || description))) AS word
    WHERE octet_length(word) <= 2000  -- with its org in front a longer one would exceed what tsvector takes
)
"""
# All words of the query must be there; the last one may be the beginning of a word. Quoting makes every character
# of a word literal.
SEARCH_QUERY = r"""
CREATE FUNCTION search_query(org_id uuid, words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT string_agg(
        '''' || replace(replace(search_word(org_id, lexeme), '\', '\\'), '''', '''''') || '''' || beginning, ' & '
    )::tsquery
    FROM (
        SELECT lexeme, '' AS beginning
        FROM unnest(to_tsvector('simple'::regconfig, regexp_replace(words, '\S+\s*$', '')))
        UNION ALL
        SELECT lexeme, ':*' AS beginning
        FROM unnest(to_tsvector('simple'::regconfig, coalesce(substring(words FROM '(\S+)\s*$'), '')))
    ) AS parts
)
"""
SEARCH_TICKETS = """
CREATE FUNCTION search_tickets(words text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 200 AS $$
DECLARE
    tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
BEGIN
    RETURN QUERY SELECT t.id FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ search_query(tenant, words);
END $$
"""
INDEXES = (
    "CREATE INDEX tickets_by_update ON tickets (org_id, updated_at, id) WHERE deleted_at IS NULL",
    (
        "CREATE INDEX tickets_by_due_time ON tickets"
        " (org_id, (CASE WHEN sla_due_at IS NULL THEN 'infinity'::timestamptz ELSE sla_due_at END), id)"
        " WHERE deleted_at IS NULL"
    ),
    "CREATE INDEX tickets_by_priority ON tickets (org_id, priority_rank, id) WHERE deleted_at IS NULL",
    "CREATE INDEX tickets_by_assignee ON tickets (org_id, assignee_id, id) WHERE deleted_at IS NULL",
    (
        "CREATE INDEX tickets_active_due ON tickets (org_id, sla_due_at, priority, assignee_id)"
        " WHERE deleted_at IS NULL AND status IN ('open', 'in_progress', 'waiting')"
    ),
    "CREATE INDEX tickets_search ON tickets USING gin (search) WHERE deleted_at IS NULL",
    "CREATE INDEX tickets_to_purge ON tickets (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL",
)


def upgrade() -> None:
    add_idempotency_keys()
    op.add_column("org_counters", sa.Column("usage_notices", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("purged_at", sa.TIMESTAMP(timezone=True)))
    op.execute(
        "ALTER TABLE tickets ADD COLUMN priority_rank smallint NOT NULL GENERATED ALWAYS AS"
        " (CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 ELSE 1 END) STORED"
    )
    for function in (SEARCH_WORD, SEARCH_LEXEMES, SEARCH_QUERY):
        op.execute(function)
    op.execute(
        "ALTER TABLE tickets ADD COLUMN search tsvector NOT NULL"
        " GENERATED ALWAYS AS (search_lexemes(org_id, title, description)) STORED"
    )
    op.execute(SEARCH_TICKETS)
    op.execute("REVOKE ALL ON FUNCTION search_tickets(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION search_tickets(text) TO tickets_app")
    op.execute("CREATE POLICY inside_search ON tickets FOR SELECT TO tickets_owner USING (true)")
    for index in INDEXES:
        op.execute(index)
    # Purging removes text from the history; the app role stays append-only.
    op.execute("GRANT UPDATE (data, headers) ON history TO tickets_worker")


def add_idempotency_keys() -> None:
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
        sa.Column("stored_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "user_id", "route", "key"),
    )
    op.create_index("idempotency_keys_stored_at", "idempotency_keys", ["stored_at"])
    force_tenancy("idempotency_keys", service="tickets")
    grant("idempotency_keys", service="tickets", app="SELECT, INSERT, UPDATE", worker="SELECT, DELETE")
