"""HTTP to the SLA monitor's internal routes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.tracing import inject
from opsdash_http.client.bounded_body import bounded_body
from opsdash_http.errors.problems import unavailable

from opsdash_gateway.upstream.client import Unanswered

SERVICE = "sla-monitor"

#: A sweep after a long outage takes a while; the cron job itself gives up before its next run.
SWEEP_SECONDS = 55.0
#: While a sweep takes its time the monitor is asked whether it is there: a frozen one is given up after five seconds.
ASKED_EVERY_SECONDS = 2.0
ALIVE_SECONDS = 3.0
LEDGER_SECONDS = 3.0
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class MonitorClient:
    """Calls the monitor with the internal token. Raises a 503 problem when it does not answer as it should."""

    session: aiohttp.ClientSession
    base_url: str
    token: str
    dependency: Dependency = field(default_factory=lambda: Dependency(SERVICE))

    async def sweep(self) -> bytes:
        """Run one sweep, however long it takes while the monitor is there; repeating it is always safe."""
        sweep = asyncio.create_task(self._call("POST", "/internal/sweep", SWEEP_SECONDS))
        try:
            while not (await asyncio.wait({sweep}, timeout=ASKED_EVERY_SECONDS))[0]:
                await self._call("GET", "/internal/alive", ALIVE_SECONDS)
            return await sweep
        finally:
            sweep.cancel()

    async def ledger(self, org_id: UUID, ticket_id: UUID) -> bytes:
        return await self._call("GET", f"/internal/orgs/{org_id}/tickets/{ticket_id}/ledger", LEDGER_SECONDS)

    async def _call(self, method: str, path: str, seconds: float) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        inject(headers)
        timeout: Any = aiohttp.ClientTimeout(total=seconds, sock_connect=1.0)
        try:
            async with self.session.request(method, self.base_url + path, headers=headers, timeout=timeout) as answer:
                answer.raise_for_status()
                body = await bounded_body(answer, MOST_BYTES)
        except (TimeoutError, aiohttp.ClientError, ConnectionError, ValueError) as error:
            self.dependency.away(repr(error))
            raise unavailable("The SLA monitor does not answer.", 5) from Unanswered(SERVICE, error)
        self.dependency.back()
        return body
