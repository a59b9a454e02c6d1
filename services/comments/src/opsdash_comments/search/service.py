"""Housekeeping of the index: comments that older rules have indexed, or the release before has written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from opsdash_chassis.database.pools import Database

from opsdash_comments.comments.index_model import index_of
from opsdash_comments.search import repository
from opsdash_comments.search.repository import UnindexedComment

BATCH: Final = 50
PAUSE_SECONDS: Final = 0.05  # after each batch: what people ask for goes first


async def index_outdated(database: Database) -> int:
    """Batch by batch; returns how many comments."""
    done, found = 0, BATCH
    while found == BATCH:
        async with database.worker_transaction() as connection:
            comments = await repository.outdated(connection, BATCH)
            if comments:
                await repository.store(connection, await asyncio.to_thread(_indexed, comments))
        found = len(comments)
        done += found
        await asyncio.sleep(PAUSE_SECONDS)
    return done


def _indexed(comments: Sequence[UnindexedComment]) -> list[tuple[UnindexedComment, str]]:
    return [(comment, index_of(comment.org_id, comment.body)) for comment in comments]
