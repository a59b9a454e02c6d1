"""Internal HTTP to the tickets service: is it still so, what is its state, which orgs have support."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import aiohttp
import msgspec
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.tracing import inject
from opsdash_http.client.bounded_body import bounded_body

from opsdash_sla_monitor.deadlines import metrics
from opsdash_sla_monitor.deadlines.model import Deadline, TicketState
from opsdash_sla_monitor.deadlines.verdicts import Verdict
from opsdash_sla_monitor.settings import SlaMonitorSettings

#: A sweep that waits longer tells late what it could tell unconfirmed.
TIMEOUT_SECONDS = 1.5
MOST_BYTES = 1024 * 1024


class Verdicts(msgspec.Struct):
    """One verdict for each pair, in the order asked."""

    verdicts: list[Verdict]


class Supported(msgspec.Struct):
    org_ids: list[UUID]


class TicketsClient:
    """A client of the internal routes of the tickets service."""

    def __init__(self, settings: SlaMonitorSettings) -> None:
        self._url = settings.tickets_url
        self._token = settings.token_to_tickets.get_secret_value()
        self._session: aiohttp.ClientSession | None = None
        self._dependency = Dependency("tickets")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as self._session:
            yield

    async def confirm(self, deadlines: Sequence[Deadline]) -> list[Verdict]:
        """What the tickets service says about each. Raises Unavailable."""
        pairs = [{"org_id": d.org_id, "ticket_id": d.ticket_id, "due_at": d.due_at} for d in deadlines]
        answer = cast("Verdicts", await self._call("POST", "/internal/sla/confirm", Verdicts, {"pairs": pairs}))
        if len(answer.verdicts) != len(deadlines):
            raise Unavailable("the tickets service gave another number of answers")
        return answer.verdicts

    async def supported(self, org_ids: Sequence[UUID]) -> list[UUID]:
        """Those of the orgs whose plate has support. Raises Unavailable."""
        answer = await self._call("POST", "/internal/sla/supported", Supported, {"org_ids": org_ids})
        return cast("Supported", answer).org_ids

    async def state(self, org_id: UUID, ticket_id: UUID) -> TicketState | None:
        """The ticket as the tickets service has it now; None when there is no such ticket. Raises Unavailable."""
        path = f"/internal/sla/orgs/{org_id}/tickets/{ticket_id}"
        return cast("TicketState | None", await self._call("GET", path, TicketState | None))

    async def _call(self, method: str, path: str, kind: Any, body: Any = None) -> Any:
        try:
            answer = msgspec.json.decode(await self._send(method, path, body), type=kind)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError, ValueError) as error:
            metrics.UPSTREAM_FAILURES.inc()
            self._dependency.away(repr(error))
            raise Unavailable(f"the tickets service gave no usable answer ({type(error).__name__})") from error
        self._dependency.back()
        return answer

    async def _send(self, method: str, path: str, body: Any) -> bytes:
        if self._session is None:
            raise Unavailable("the client of the tickets service is not open")
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        inject(headers)
        content = None if body is None else msgspec.json.encode(body)
        async with self._session.request(method, self._url + path, data=content, headers=headers) as answer:
            answer.raise_for_status()
            return await bounded_body(answer, MOST_BYTES)
