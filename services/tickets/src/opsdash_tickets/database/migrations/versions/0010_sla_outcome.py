"""What became of a finished ticket's due time is a fact of the ticket, stored when it is finished."""

from alembic import op

revision = "0010"
down_revision = "0009"

# The release before opens tickets again without knowing of the outcome.
FORGET_OUTCOME = """
CREATE FUNCTION forget_sla_outcome() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.sla_outcome := NULL;
    RETURN NEW;
END $$
"""
FORGET_WHEN_OPENED = """
CREATE TRIGGER forget_sla_outcome BEFORE UPDATE ON tickets FOR EACH ROW
WHEN (NEW.sla_outcome IS NOT NULL AND NEW.status IN ('open', 'in_progress', 'waiting'))
EXECUTE FUNCTION forget_sla_outcome()
"""
# As in revision 0006, with the outcome: whether a ticket has no due time is asked of that too.
FIND_TICKETS = """
CREATE FUNCTION find_tickets(words text)
RETURNS TABLE (org_id uuid, id uuid, number bigint, status text, priority text, priority_rank smallint, category text,
               assignee_id uuid, contact_id uuid, project_id uuid, sla_due_at timestamptz, sla_outcome text,
               created_at timestamptz, updated_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 200 AS $$
DECLARE
    tenant uuid := nullif(current_setting('app.org_id', true), '')::uuid;
BEGIN
    RETURN QUERY SELECT t.org_id, t.id, t.number, t.status, t.priority, t.priority_rank, t.category, t.assignee_id,
                        t.contact_id, t.project_id, t.sla_due_at, t.sla_outcome, t.created_at, t.updated_at
    FROM tickets t
    WHERE t.org_id = tenant AND t.deleted_at IS NULL AND t.search @@ search_query(tenant, words);
END $$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE tickets ADD COLUMN sla_outcome text")
    known = "CHECK (sla_outcome IN ('met', 'missed', 'none')) NOT VALID"
    op.execute(f"ALTER TABLE tickets ADD CONSTRAINT sla_outcome_known {known}")
    op.execute(FORGET_OUTCOME)
    op.execute(FORGET_WHEN_OPENED)
    op.execute("DROP FUNCTION find_tickets(text)")
    op.execute(FIND_TICKETS)
    op.execute("REVOKE ALL ON FUNCTION find_tickets(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION find_tickets(text) TO tickets_app")
    # For the next revision, which takes them away again.
    op.execute("CREATE POLICY judging ON tickets FOR UPDATE TO tickets_owner USING (true)")
    op.execute("CREATE POLICY judging ON history FOR SELECT TO tickets_owner USING (true)")
