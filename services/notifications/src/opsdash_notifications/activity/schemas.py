"""The body of a ticket's activity."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Activity(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How many events of the ticket were applied, and which of them happened last."""

    ticket_id: UUID
    number: int
    events: int
    last_event_type: str
    last_event_at: datetime
