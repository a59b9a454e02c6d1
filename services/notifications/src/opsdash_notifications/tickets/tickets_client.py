"""Asks the tickets service whether one exists, when its events have not told so yet."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import msgspec
from opsdash_http.client.internal_client import InternalClient

from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.tickets.model import KnownTicket


class _Existence(msgspec.Struct):
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


class TicketClient:
    """A client of the internal routes of the tickets service."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._client = InternalClient("tickets", settings.tickets_url, settings.token_to_tickets.get_secret_value())

    def open(self) -> AbstractAsyncContextManager[None]:
        return self._client.open()

    async def known(self, org_id: UUID, reference: UUID | int) -> KnownTicket | None:
        """What the tickets service says; None: there is no such ticket in that org. Raises Unavailable."""
        path = f"/internal/orgs/{org_id}/tickets/{reference}"
        found = await self._client.find(path, _Existence, otherwise="The ticket cannot be looked up just now.")
        if found is None:
            return None
        return KnownTicket(
            org_id=org_id,
            ticket_id=found.ticket_id,
            number=found.number,
            version=found.version,
            created_by=None,
            assignee_id=None,
            deleted_at=found.deleted_at,
            purged_at=found.purged_at,
        )
