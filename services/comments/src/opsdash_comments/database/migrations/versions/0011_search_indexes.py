"""The indexes of the search and of its housekeeping, built while others write."""

from opsdash_chassis.database.migrations import build_index

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    build_index("comments_search", "comments USING gin (search) WHERE deleted_at IS NULL")
    build_index("comments_to_index", "comments (org_id, id) WHERE search_version < 1")
