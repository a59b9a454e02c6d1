"""A counter of a service, read from its metrics page until it has come far enough."""

from __future__ import annotations

import asyncio
import re

import aiohttp

PUBLISHED = "opsdash_events_published_total"
CONSUMED = "opsdash_events_consumed_total"
EVERY_SECONDS = 0.1
GIVE_UP_SECONDS = 300.0


async def counted_until(metrics_url: str, name: str, count: int) -> int:
    """Waits until the process has counted so many since its start, all labels together; how many they are then."""
    sample = re.compile(rf"^{name}\{{.*\}} (\S+)$", re.MULTILINE)
    async with asyncio.timeout(GIVE_UP_SECONDS), aiohttp.ClientSession() as session:
        while True:
            async with session.get(metrics_url) as answer:
                answer.raise_for_status()
                found = round(sum(map(float, sample.findall(await answer.text()))))
            if found >= count:
                return found
            await asyncio.sleep(EVERY_SECONDS)
