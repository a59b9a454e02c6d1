"""REST bodies of the search."""

from __future__ import annotations

from uuid import UUID

import msgspec


class CommentedTickets(msgspec.Struct, kw_only=True):
    """Tickets with a comment that has all words, the last commented first; `more` when there are others."""

    tickets: list[UUID]
    more: bool
