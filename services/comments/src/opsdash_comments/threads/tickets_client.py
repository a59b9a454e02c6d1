"""Asks the tickets service whether one exists, when its events have not told so yet."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import msgspec
from opsdash_http.client.internal_client import InternalClient

from opsdash_comments.settings import CommentsSettings
from opsdash_comments.threads.model import TicketSnapshot


class _Existence(msgspec.Struct):
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


class TicketClient:
    """A client of the internal routes of the tickets service."""

    def __init__(self, settings: CommentsSettings) -> None:
        self._client = InternalClient("tickets", settings.tickets_url, settings.token_to_tickets.get_secret_value())

    def open(self) -> AbstractAsyncContextManager[None]:
        return self._client.open()

    async def snapshot(self, org_id: UUID, reference: UUID | int) -> TicketSnapshot | None:
        """What the tickets service says; None: there is no such ticket in that org. Raises Unavailable."""
        path = f"/internal/orgs/{org_id}/tickets/{reference}"
        found = await self._client.find(path, _Existence, otherwise="The ticket cannot be looked up just now.")
        if found is None:
            return None
        return TicketSnapshot(org_id, found.ticket_id, found.number, found.version, found.deleted_at, found.purged_at)
