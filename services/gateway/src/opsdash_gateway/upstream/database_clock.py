"""The time of the database, as the tickets service tells it: the gateway has no database to compare its clock with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp
import msgspec
import structlog
from opsdash_chassis.service.clock import EVERY_SECONDS, ClockWatch

log = structlog.get_logger(__name__)

PATH = "/internal/clock"
ASKED_SECONDS = 2.0
RETRY_SECONDS = 5.0


class _Time(msgspec.Struct):
    now: datetime


class DatabaseClock:
    """Keeps a watch on the clock of this machine, for as long as `run` is not cancelled."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], tickets_url: str, token: str) -> None:
        self._session = session
        self._url = tickets_url + PATH
        self._token = token
        self.watch = ClockWatch(self._time)

    async def run(self) -> None:
        """A tickets service that does not answer leaves what was measured last; its absence is said elsewhere."""
        while True:
            try:
                await self.watch.measure()
                await asyncio.sleep(EVERY_SECONDS)
            except (aiohttp.ClientError, OSError, msgspec.MsgspecError) as error:
                log.debug("clock_not_compared", reason=repr(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _time(self) -> datetime:
        timeout = aiohttp.ClientTimeout(total=ASKED_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session().get(self._url, headers=headers, timeout=timeout) as answer:
            answer.raise_for_status()
            return msgspec.json.decode(await answer.read(), type=_Time).now
