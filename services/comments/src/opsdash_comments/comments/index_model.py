"""What the search index holds of a comment."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from opsdash_chassis.text import search_index
from opsdash_chassis.text.search_index import Weight

#: Characters that are indexed at once: less work than handing them over.
AT_ONCE: Final = 2_000


def index_of(org_id: UUID, body: str) -> str:
    """The comment's `tsvector`."""
    return search_index.vector(org_id, [(Weight.D, body)])
