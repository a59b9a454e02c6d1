"""Names as pickers compare them; the service folds them by and by, until then a name is compared as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

TABLES = ("members", "contacts", "companies", "projects")
# In the database, so that no writer can forget it.
FOLD_AGAIN = """
CREATE FUNCTION fold_name_again() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.folded := NULL;
    RETURN NEW;
END $$
"""
ON_CHANGE = """
CREATE TRIGGER folded_follows BEFORE UPDATE OF name ON {table} FOR EACH ROW
WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION fold_name_again()
"""


def upgrade() -> None:
    op.execute(FOLD_AGAIN)
    for table in TABLES:
        op.add_column(table, sa.Column("folded", sa.Text()))
        op.execute(ON_CHANGE.format(table=table))
