"""Look up the org and its member by an index, however few orgs there are."""

from alembic import op
from opsdash_tenancy.migrations import ENTER_ORG

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(ENTER_ORG)
