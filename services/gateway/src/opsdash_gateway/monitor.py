"""HTTP to the SLA monitor's internal routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from opentelemetry.propagate import inject
from opsdash_chassis.http.problems import unavailable

#: A sweep after a long outage takes a while; the cron job itself gives up before its next run.
SWEEP_SECONDS = 55.0
LEDGER_SECONDS = 3.0


@dataclass(frozen=True)
class MonitorClient:
    """Calls the monitor with the internal token. Raises a 503 problem when it does not answer as it should."""

    session: aiohttp.ClientSession
    base_url: str
    token: str

    async def sweep(self) -> bytes:
        """Run one sweep; repeating it is always safe."""
        return await self._call("POST", "/internal/sweep", SWEEP_SECONDS)

    async def ledger(self, org_id: UUID, ticket_id: UUID) -> bytes:
        return await self._call("GET", f"/internal/orgs/{org_id}/tickets/{ticket_id}/ledger", LEDGER_SECONDS)

    async def _call(self, method: str, path: str, seconds: float) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        inject(headers)
        timeout: Any = aiohttp.ClientTimeout(total=seconds, sock_connect=1.0)
        try:
            async with self.session.request(method, self.base_url + path, headers=headers, timeout=timeout) as answer:
                answer.raise_for_status()
                return await answer.read()
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise unavailable("The SLA monitor does not answer.", 5) from error
