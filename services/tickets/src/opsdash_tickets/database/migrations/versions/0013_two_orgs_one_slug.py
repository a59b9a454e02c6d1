"""Reach each of two orgs with one slug: the older one goes by its id, in the list of a person's orgs too."""

from alembic import op
from opsdash_tenancy.migrations import ENTER_ORG, ID

revision = "0013"
down_revision = "0012"

# The same order as in `enter_org`. A slug that looks like an id would lead to the org of that id.
ORGS_OF_USER = f"""
CREATE OR REPLACE FUNCTION orgs_of_user(caller uuid)
RETURNS TABLE (org_id uuid, slug text, name text, plate text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT mine.org_id,
           CASE WHEN mine.slug !~ '{ID}'
                 AND row_number() OVER (PARTITION BY mine.slug ORDER BY mine.version DESC, mine.org_id) = 1
           THEN mine.slug ELSE mine.org_id::text END,
           mine.name, mine.plate, mine.role
    FROM (
        SELECT DISTINCT ON (o.org_id) o.org_id, o.slug, o.name, o.plate, o.version, m.role
        FROM members m JOIN orgs o ON o.org_id = m.org_id
        WHERE m.user_id = caller AND m.removed_at IS NULL AND o.removed_at IS NULL
        ORDER BY o.org_id, m.version DESC
    ) mine
    ORDER BY mine.name, mine.org_id
$$
"""  # noqa: S608 - a constant


def upgrade() -> None:
    op.execute(ENTER_ORG)
    op.execute(ORGS_OF_USER)
