"""Asks the tickets service whether one exists, when its events have not told so yet, and for what mails say of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import msgspec
from opsdash_http.client.internal_client import InternalClient
from opsdash_tenancy.excerpts import Excerpt

from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.tickets.model import KnownTicket

#: 25 titles of the longest kind, with room.
MOST_LIST_BYTES = 64 * 1024


class _Existence(msgspec.Struct):
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


class OverdueTicket(msgspec.Struct, frozen=True):
    number: int
    title: str
    due_at: datetime


class OverdueTickets(msgspec.Struct, frozen=True):
    """The latest of them; `found` is how many there are in all."""

    tickets: list[OverdueTicket]
    found: int


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

    async def text(self, org_id: UUID, reader: UUID, ticket_id: UUID) -> Excerpt | None:
        """How its description begins; None where the reader may not see it. Raises Unavailable."""
        path = f"/internal/orgs/{org_id}/readers/{reader}/tickets/{ticket_id}/text"
        return await self._client.find(path, Excerpt, otherwise="The text of the ticket cannot be had just now.")

    async def overdue(self, org_id: UUID, reader: UUID) -> OverdueTickets | None:
        """What is overdue and the reader's to look after; None where they may see nothing. Raises Unavailable."""
        path = f"/internal/orgs/{org_id}/readers/{reader}/overdue"
        otherwise = "What is overdue cannot be had just now."
        return await self._client.find(path, OverdueTickets, otherwise=otherwise, most_bytes=MOST_LIST_BYTES)
