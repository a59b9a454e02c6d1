"""Reach each of two orgs with one slug: the older one goes by its id."""

from alembic import op
from opsdash_tenancy.migrations import ENTER_ORG

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(ENTER_ORG)
