"""REST bodies of the search."""

from __future__ import annotations

from uuid import UUID

import msgspec


class CommentedTicket(msgspec.Struct, kw_only=True):
    """`words` has a bit for each word of the query that its comments have."""

    id: UUID
    words: int


class CommentedTickets(msgspec.Struct, kw_only=True):
    """Those with all words in one comment come first; `more` when there may be others."""

    tickets: list[CommentedTicket]
    more: bool
