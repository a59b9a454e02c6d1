"""Search what readers see: the service makes the lexemes of a ticket, and tells where each of them stands."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

# What is there stays found by the words it was indexed by, until the service has indexed it anew. So does what the
# release before this one writes while this one is being rolled out: it knows nothing of the column.
INDEX_AS_BEFORE = """
CREATE FUNCTION index_ticket_as_before() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.search := search_lexemes(NEW.org_id, NEW.title, NEW.description);
    NEW.search_version := 0;
    RETURN NEW;
END $$
"""
ON_INSERT = """
CREATE TRIGGER search_is_there BEFORE INSERT ON tickets FOR EACH ROW
WHEN (NEW.search IS NULL) EXECUTE FUNCTION index_ticket_as_before()
"""
ON_CHANGE = """
CREATE TRIGGER search_follows BEFORE UPDATE OF title, description, contact_id ON tickets FOR EACH ROW
WHEN ((NEW.title IS DISTINCT FROM OLD.title OR NEW.description IS DISTINCT FROM OLD.description
       OR NEW.contact_id IS DISTINCT FROM OLD.contact_id)
      AND NEW.search IS NOT DISTINCT FROM OLD.search)
EXECUTE FUNCTION index_ticket_as_before()
"""
# A query of the service has one character where the org of each lexeme belongs, which no lexeme contains.
SEARCH_PATTERN = """
CREATE FUNCTION search_pattern(org_id uuid, pattern text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN replace(pattern, chr(1), right(org_id::text, 12) || ':')::tsquery
"""
_FOUND = """
RETURNS TABLE (org_id uuid, id uuid, number bigint, status text, priority text, priority_rank smallint, category text,
               assignee_id uuid, contact_id uuid, project_id uuid, sla_due_at timestamptz, sla_outcome text,
               created_at timestamptz, updated_at timestamptz{more})
"""
_COLUMNS = """t.org_id, t.id, t.number, t.status, t.priority, t.priority_rank, t.category, t.assignee_id,
                        t.contact_id, t.project_id, t.sla_due_at, t.sla_outcome, t.created_at, t.updated_at"""
_AS_OWNER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_TENANT = "tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;"
# All of these run as the owner, for below row-level security the search operator may not use its index.
FIND_WORDS = f"""
CREATE FUNCTION find_words(pattern text) {_FOUND.format(more="")}
LANGUAGE plpgsql STABLE {_AS_OWNER} ROWS 200 AS $$
DECLARE
    {_TENANT}
BEGIN
    RETURN QUERY SELECT {_COLUMNS}
    FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ search_pattern(tenant, pattern);
END $$
"""  # noqa: S608 - constants
# The ticket of a number, then those whose whole title is what was typed.
FIND_EXACTLY = f"""
CREATE FUNCTION find_exactly(pattern text, wanted_number bigint) {_FOUND.format(more=", nearness int")}
LANGUAGE plpgsql STABLE {_AS_OWNER} ROWS 5 AS $$
DECLARE
    {_TENANT}
BEGIN
    RETURN QUERY SELECT {_COLUMNS}, 2
    FROM tickets t WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.number = wanted_number;
    RETURN QUERY SELECT {_COLUMNS}, 1
    FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ search_pattern(tenant, pattern)
      AND t.number IS DISTINCT FROM wanted_number;
END $$
"""  # noqa: S608 - constants
COUNT_WORDS = f"""
CREATE FUNCTION found_ids(pattern text, wanted_number bigint) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE {_AS_OWNER} ROWS 200 AS $$
DECLARE
    {_TENANT}
BEGIN
    RETURN QUERY SELECT t.id FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ search_pattern(tenant, pattern);
    RETURN QUERY SELECT t.id FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.number = wanted_number;
END $$
"""  # noqa: S608 - constants
# The newest tickets are looked through first: a frequent word fills its page there, where the text index would bring
# every match of the org to be sorted. What that leaves open comes from the text index. Subquery and CTE cannot be
# flattened, so each part keeps the index it is meant to use.
FIND_NEWEST_WORDS = f"""
CREATE FUNCTION find_newest_words(pattern text, statuses text[], before timestamptz, before_id uuid, wanted bigint)
RETURNS TABLE (org_id uuid, id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE {_AS_OWNER} ROWS 25 AS $$
DECLARE
    looked_through CONSTANT bigint := 300;
    {_TENANT}
    query tsquery := search_pattern(tenant, pattern);
    filled bigint;
BEGIN
    IF query IS NULL THEN
        RETURN;
    END IF;
    before := coalesce(before, 'infinity');
    before_id := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    RETURN QUERY
    SELECT tenant, newest.id, newest.created_at FROM (
        SELECT t.id, t.created_at, t.status, t.search FROM tickets t
        WHERE t.org_id = tenant AND t.deleted_at IS NULL AND (t.created_at, t.id) < (before, before_id)
        ORDER BY t.created_at DESC, t.id DESC LIMIT looked_through
    ) newest
    WHERE newest.search @@ query AND (statuses IS NULL OR newest.status = ANY(statuses))
    ORDER BY newest.created_at DESC, newest.id DESC LIMIT wanted;
    GET DIAGNOSTICS filled = ROW_COUNT;
    IF filled = wanted THEN
        RETURN;
    END IF;
    SELECT t.created_at, t.id INTO before, before_id FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND (t.created_at, t.id) < (before, before_id)
    ORDER BY t.created_at DESC, t.id DESC OFFSET looked_through - 1 LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH matches AS MATERIALIZED (
        SELECT t.id, t.created_at FROM tickets t
        WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ query
          AND (statuses IS NULL OR t.status = ANY(statuses))
    )
    SELECT tenant, m.id, m.created_at FROM matches m
    WHERE (m.created_at, m.id) < (before, before_id)
    ORDER BY m.created_at DESC, m.id DESC LIMIT wanted - filled;
END $$
"""  # noqa: S608 - constants
FUNCTIONS = {
    "find_words(text)": FIND_WORDS,
    "find_exactly(text, bigint)": FIND_EXACTLY,
    "found_ids(text, bigint)": COUNT_WORDS,
    "find_newest_words(text, text[], timestamptz, uuid, bigint)": FIND_NEWEST_WORDS,
}


def upgrade() -> None:
    op.execute("ALTER TABLE tickets ALTER COLUMN search DROP EXPRESSION")
    op.add_column("tickets", sa.Column("search_version", sa.SmallInteger(), nullable=False, server_default="0"))
    for statement in (INDEX_AS_BEFORE, ON_INSERT, ON_CHANGE, SEARCH_PATTERN):
        op.execute(statement)
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO tickets_app")
