"""REST bodies of lists."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from opsdash_tickets.common_schemas import Body
from opsdash_tickets.tickets.schemas import TicketRow


class TicketPage(Body):
    """One page of a list; `next_cursor` null means the end."""

    items: list[TicketRow]
    next_cursor: str | None
    total: int | UnsetType = UNSET
