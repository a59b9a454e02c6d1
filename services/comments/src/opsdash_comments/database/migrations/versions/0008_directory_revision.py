"""Count the changes of each org's directory: what a process knows of people holds until the next."""

from opsdash_tenancy.migrations import add_directory_revision

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    add_directory_revision("members", service="comments")
