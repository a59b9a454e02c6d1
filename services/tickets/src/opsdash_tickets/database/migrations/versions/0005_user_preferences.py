"""What each person has chosen for the console: theirs alone, whatever the org."""

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import grant

revision = "0005"
down_revision = "0004"

USER_IS_CURRENT = "user_id = nullif(current_setting('app.user_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("tour_seen", sa.Boolean(), nullable=False),
        sa.Column("shortcuts", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.execute("ALTER TABLE user_preferences ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE user_preferences FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own ON user_preferences TO tickets_app USING ({USER_IS_CURRENT}) WITH CHECK ({USER_IS_CURRENT})"
    )
    grant("user_preferences", service="tickets", app="SELECT, INSERT, UPDATE")
