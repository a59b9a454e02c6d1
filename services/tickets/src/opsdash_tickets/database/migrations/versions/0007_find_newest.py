"""Search for a page of the newest matches, which does not read all matches of a frequent word."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Runs as the owner for the reason given with search_tickets. The newest tickets are looked through first: a frequent
# word fills its page there, where the text index would bring every match of the org to be sorted. What that leaves
# open comes from the text index. Subquery and CTE cannot be flattened, so each part keeps the index it is meant to use.
FIND_NEWEST = """
CREATE FUNCTION find_newest(words text, statuses text[], before timestamptz, before_id uuid, wanted bigint)
RETURNS TABLE (org_id uuid, id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 25 AS $$
DECLARE
    looked_through CONSTANT bigint := 300;
    tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
    query tsquery := search_query(tenant, words);
    filled bigint;
BEGIN
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
"""


def upgrade() -> None:
    op.execute(FIND_NEWEST)
    op.execute("REVOKE ALL ON FUNCTION find_newest(text, text[], timestamptz, uuid, bigint) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION find_newest(text, text[], timestamptz, uuid, bigint) TO tickets_app")
