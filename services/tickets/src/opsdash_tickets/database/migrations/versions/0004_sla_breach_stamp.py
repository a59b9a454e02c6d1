"""When the breach of a ticket's due time was noticed, for display."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("sla_breached_at", sa.TIMESTAMP(timezone=True)))
