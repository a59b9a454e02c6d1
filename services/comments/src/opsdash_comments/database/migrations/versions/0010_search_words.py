"""Find comments by their words, which the service indexes; those that are there already are indexed by and by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0010"
down_revision = "0009"

# The release before this one knows nothing of the column.
INDEX_AGAIN = """
CREATE FUNCTION index_comment_again() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.search := NULL;
    NEW.search_version := 0;
    RETURN NEW;
END $$
"""
ON_CHANGE = """
CREATE TRIGGER search_follows BEFORE UPDATE OF body ON comments FOR EACH ROW
WHEN (NEW.body IS DISTINCT FROM OLD.body AND NEW.search IS NOT DISTINCT FROM OLD.search)
EXECUTE FUNCTION index_comment_again()
"""
# A query of the service has one character where the org of each lexeme belongs, which no lexeme contains.
SEARCH_PATTERN = """
CREATE FUNCTION search_pattern(org_id uuid, pattern text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN replace(pattern, chr(1), right(org_id::text, 12) || ':')::tsquery
"""
# Runs as the owner, for below row-level security the search operator may not use its index. The newest comments are
# looked through first, in the order of their ids, which is that of time: a frequent word fills the answer there, where
# the text index would bring every match of the org to be sorted. Of those only so many are read; then `cut` is true.
FIND_COMMENTED = """
CREATE FUNCTION find_commented(pattern text, wanted bigint)
RETURNS TABLE (org_id uuid, ticket_id uuid, cut boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp ROWS 100 AS $$
DECLARE
    looked_through CONSTANT bigint := 500;
    most_matches CONSTANT bigint := 5000;
    tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
    query tsquery := search_pattern(tenant, pattern);
    newest uuid[];
BEGIN
    IF query IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(found.ticket) INTO newest FROM (
        SELECT n.ticket_id AS ticket FROM (
            SELECT c.id, c.ticket_id, c.search, c.deleted_at FROM comments c WHERE c.org_id = tenant
            ORDER BY c.id DESC LIMIT looked_through
        ) n
        WHERE n.deleted_at IS NULL AND n.search @@ query
        GROUP BY n.ticket_id ORDER BY max(n.id::text) DESC LIMIT wanted
    ) found;
    IF cardinality(newest) = wanted THEN
        RETURN QUERY SELECT tenant, n.ticket, false FROM unnest(newest) n(ticket);
        RETURN;
    END IF;
    RETURN QUERY
    WITH matches AS MATERIALIZED (
        SELECT c.id, c.ticket_id FROM comments c
        WHERE c.org_id = tenant AND c.deleted_at IS NULL AND c.search @@ query
        LIMIT most_matches
    )
    SELECT tenant, m.ticket_id, (SELECT count(*) FROM matches) = most_matches FROM (
        SELECT f.id::text, f.ticket_id FROM matches f
        UNION ALL SELECT 'newest', n.ticket FROM unnest(newest) n(ticket)
    ) m
    GROUP BY m.ticket_id ORDER BY max(m.id) DESC LIMIT wanted;
END $$
"""


def upgrade() -> None:
    op.add_column("comments", sa.Column("search", pg.TSVECTOR()))
    op.add_column("comments", sa.Column("search_version", sa.SmallInteger(), nullable=False, server_default="0"))
    for statement in (INDEX_AGAIN, ON_CHANGE, SEARCH_PATTERN, FIND_COMMENTED):
        op.execute(statement)
    op.execute("CREATE POLICY inside_search ON comments FOR SELECT TO comments_owner USING (true)")
    op.execute("REVOKE ALL ON FUNCTION find_commented(text, bigint) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION find_commented(text, bigint) TO comments_app")
