"""How many events a relay has had confirmed, by its own metric."""

from __future__ import annotations

import asyncio
import re

import aiohttp

EVERY_SECONDS = 0.1
GIVE_UP_SECONDS = 300.0
_PUBLISHED = re.compile(r"^opsdash_events_published_total\{.*\} (\S+)$", re.MULTILINE)


async def published_until(metrics_url: str, count: int) -> int:
    """Waits until so many were confirmed since the process started; how many they are then."""
    async with asyncio.timeout(GIVE_UP_SECONDS), aiohttp.ClientSession() as session:
        while (found := await _published(session, metrics_url)) < count:  # noqa: ASYNC110 - a page, not an event
            await asyncio.sleep(EVERY_SECONDS)
    return found


async def _published(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        answer.raise_for_status()
        return round(sum(map(float, _PUBLISHED.findall(await answer.text()))))
