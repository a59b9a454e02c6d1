"""Asks the tickets service whether one exists, when its events have not told so yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import aiohttp
import msgspec
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.tracing import inject
from opsdash_http.client.bounded_body import bounded_body

from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.tickets.model import KnownTicket

CONNECT_SECONDS = 0.5
TOTAL_SECONDS = 1.5
RETRY_AFTER_SECONDS = 2
MOST_BYTES = 16 * 1024


class _Existence(msgspec.Struct):
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


class TicketClient:
    """One session to the tickets service, with the token services show each other."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._base_url = settings.tickets_url
        self._token = settings.token_to_tickets.get_secret_value()
        self._session: aiohttp.ClientSession | None = None
        self._dependency = Dependency("tickets")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as self._session:
            yield

    async def known(self, org_id: UUID, reference: UUID | int) -> KnownTicket | None:
        """What the tickets service says; None: there is no such ticket in that org. Raises Unavailable."""
        if self._session is None:
            raise Unavailable("The service is starting.")
        headers = {"Authorization": f"Bearer {self._token}"}
        inject(headers)
        url = f"{self._base_url}/internal/orgs/{org_id}/tickets/{reference}"
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                body = await bounded_body(answer, MOST_BYTES)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            self._dependency.away(repr(error))
            raise _no_answer() from error
        self._dependency.back()
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise _no_answer()
        try:
            found = msgspec.json.decode(body, type=_Existence)
        except msgspec.MsgspecError as error:
            raise _no_answer() from error
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


def _no_answer() -> Unavailable:
    return Unavailable("The ticket cannot be looked up just now.", retry_after_seconds=RETRY_AFTER_SECONDS)
