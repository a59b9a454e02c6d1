"""Count the changes of each org's directory: what a process knows of its names holds until the next."""

from opsdash_tenancy.migrations import add_directory_revision

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    add_directory_revision("members", "contacts", "companies", "projects", service="tickets")
