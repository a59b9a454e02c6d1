"""The indexes of housekeeping of the search, built while others write."""

from opsdash_chassis.database.migrations import build_index

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    build_index("tickets_to_index", "tickets (org_id, id) WHERE search_version < 1")
    build_index("tickets_by_contact", "tickets (org_id, contact_id, id) WHERE contact_id IS NOT NULL")
    build_index("contacts_by_company", "contacts (org_id, company_id)")
    for table in ("members", "contacts", "companies", "projects"):
        build_index(f"{table}_to_fold", f"{table} (org_id) WHERE folded IS NULL")
