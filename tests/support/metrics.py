"""One figure out of a service's metrics page."""

from __future__ import annotations

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


async def sample(session: aiohttp.ClientSession, url: str, name: str) -> float:
    """The sum over all labels; fails when the service has no such metric."""
    async with session.get(url) as answer:
        text = await answer.text()
    found = [
        each.value for family in text_string_to_metric_families(text) for each in family.samples if each.name == name
    ]
    assert found, f"no metric {name}"
    return sum(found)
