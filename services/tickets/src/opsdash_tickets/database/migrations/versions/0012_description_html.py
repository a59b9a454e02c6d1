"""Descriptions as HTML, made when they are written; those that are there already are rendered by and by."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# The release before this one writes descriptions without HTML while this one is being rolled out.
FOLLOW = """
CREATE FUNCTION drop_outdated_description_html() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.description_html := NULL;
    NEW.renderer := 0;
    RETURN NEW;
END $$
"""
ON_CHANGE = """
CREATE TRIGGER description_html_follows BEFORE UPDATE OF description ON tickets FOR EACH ROW
WHEN (NEW.description IS DISTINCT FROM OLD.description
      AND NEW.description_html IS NOT DISTINCT FROM OLD.description_html)
EXECUTE FUNCTION drop_outdated_description_html()
"""


def upgrade() -> None:
    op.add_column("tickets", sa.Column("description_html", sa.Text()))
    op.add_column("tickets", sa.Column("renderer", sa.SmallInteger(), nullable=False, server_default="0"))
    op.execute(FOLLOW)
    op.execute(ON_CHANGE)
    op.execute("CREATE INDEX tickets_outdated ON tickets (org_id, id) WHERE renderer < 2")
