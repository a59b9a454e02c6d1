"""Look up the org and its member by an index, however few orgs there are."""

from alembic import op
from opsdash_tenancy.migrations import ENTER_ORG

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(ENTER_ORG)
