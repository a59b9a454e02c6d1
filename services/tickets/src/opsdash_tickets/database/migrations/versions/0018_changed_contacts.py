"""Remember whose name has changed, so that the tickets for them are found by the new one."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant

revision = "0018"
down_revision = "0017"

# In the database, so that no writer can forget it. From the first ticket again when one changes while its tickets are
# being indexed.
REMEMBER = """
CREATE FUNCTION remember_changed_contact() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO changed_contacts (org_id, contact_id) VALUES (NEW.org_id, NEW.contact_id)
    ON CONFLICT (org_id, contact_id) DO UPDATE SET indexed_up_to = excluded.indexed_up_to, changed_at = now();
    RETURN NULL;
END $$
"""
REMEMBER_OF_COMPANY = """
CREATE FUNCTION remember_contacts_of_company() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO changed_contacts (org_id, contact_id)
    SELECT c.org_id, c.contact_id FROM contacts c
    WHERE c.org_id = NEW.org_id AND c.company_id = NEW.company_id
    ORDER BY c.contact_id
    ON CONFLICT (org_id, contact_id) DO UPDATE SET indexed_up_to = excluded.indexed_up_to, changed_at = now();
    RETURN NULL;
END $$
"""
ON_CONTACT = """
CREATE TRIGGER contact_changed AFTER UPDATE ON contacts FOR EACH ROW
WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.email IS DISTINCT FROM OLD.email
      OR NEW.company_id IS DISTINCT FROM OLD.company_id)
EXECUTE FUNCTION remember_changed_contact()
"""
# A company may be told of after its contacts.
ON_NEW_COMPANY = """
CREATE TRIGGER company_added AFTER INSERT ON companies FOR EACH ROW
EXECUTE FUNCTION remember_contacts_of_company()
"""
ON_COMPANY = """
CREATE TRIGGER company_changed AFTER UPDATE ON companies FOR EACH ROW
WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION remember_contacts_of_company()
"""


def upgrade() -> None:
    op.create_table(
        "changed_contacts",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("contact_id", sa.UUID(), nullable=False),
        sa.Column(
            "indexed_up_to",
            sa.UUID(),
            nullable=False,
            server_default=sa.text("'00000000-0000-0000-0000-000000000000'::uuid"),
        ),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("org_id", "contact_id"),
    )
    force_tenancy("changed_contacts", service="tickets")
    grant("changed_contacts", service="tickets", worker="SELECT, INSERT, UPDATE, DELETE")
    op.execute("CREATE INDEX changed_contacts_in_order ON changed_contacts (changed_at)")
    for statement in (REMEMBER, REMEMBER_OF_COMPANY, ON_CONTACT, ON_NEW_COMPANY, ON_COMPANY):
        op.execute(statement)
