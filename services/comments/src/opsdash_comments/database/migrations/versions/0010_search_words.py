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
# Runs as the owner, for below row-level security the search operator may not use its index.
FIND_COMMENTED = """
CREATE FUNCTION find_commented(pattern text, wanted bigint)
RETURNS TABLE (org_id uuid, ticket_id uuid, commented_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp ROWS 100 AS $$
DECLARE
    tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
BEGIN
    RETURN QUERY SELECT tenant, c.ticket_id, max(c.created_at)
    FROM comments c
    WHERE c.org_id = tenant AND c.deleted_at IS NULL AND c.search @@ search_pattern(tenant, pattern)
    GROUP BY c.ticket_id ORDER BY 3 DESC, 2 LIMIT wanted;
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
    op.execute("CREATE INDEX comments_search ON comments USING gin (search) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX comments_to_index ON comments (org_id, id) WHERE search_version < 1")
