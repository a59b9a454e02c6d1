"""Enter an org and take the next place in a thread, if it is still the one that was seen, in one call."""

from alembic import op

revision = "0003"
down_revision = "0002"

# A function and not part of a statement: its steps run one after the other, while a planner may look for the thread
# before the tenant is set, and row-level security then shows none.
ADVANCE_THREAD = """
CREATE FUNCTION advance_thread(tenant uuid, ticket uuid, sequence bigint, commented_at timestamptz)
RETURNS SETOF uuid
LANGUAGE plpgsql ROWS 1 AS $$
BEGIN
    PERFORM set_config('app.org_id', tenant::text, true);
    RETURN QUERY UPDATE threads SET last_sequence = sequence, last_comment_at = commented_at
    WHERE org_id = tenant AND ticket_id = ticket AND last_sequence = sequence - 1 AND deleted_at IS NULL
    RETURNING ticket_id;
END $$
"""


def upgrade() -> None:
    op.execute(ADVANCE_THREAD)
    op.execute("REVOKE ALL ON FUNCTION advance_thread(uuid, uuid, bigint, timestamptz) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION advance_thread(uuid, uuid, bigint, timestamptz) TO comments_app")
