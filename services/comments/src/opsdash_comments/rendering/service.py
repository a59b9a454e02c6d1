"""What happens to comments without a person acting: their HTML follows the rules it is made by."""

from __future__ import annotations

from opsdash_chassis.database.pools import Database
from opsdash_markdown import outdated

from opsdash_comments.rendering import repository


async def render_outdated(database: Database) -> int:
    """Render what was stored by older rules, or as typed under load; returns how many texts."""
    comments = await outdated.render_outdated(
        database.worker_transaction, repository.outdated_comments, repository.store_comments
    )
    revisions = await outdated.render_outdated(
        database.worker_transaction, repository.outdated_revisions, repository.store_revisions
    )
    return comments + revisions
