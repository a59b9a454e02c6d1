"""Enter an org by its slug first: the memberships of the caller elsewhere cost nothing any more."""

from alembic import op
from opsdash_tenancy.migrations import ENTER_ORG

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(ENTER_ORG)
