"""What the tests of long texts share: the bound, and the services' databases as their housekeeping has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from opsdash_chassis.database.pools import Database
from opsdash_chassis.settings import DatabaseSettings

from tests.support.settings import settings_in
from tests.support.xss import active_content

BOUND_PER_CHARACTER, BOUND_MORE = 8, 16 * 1024


def check_bound(text: str, html: str) -> None:
    assert len(html) <= BOUND_PER_CHARACTER * len(text) + BOUND_MORE
    assert active_content(html) == []


@asynccontextmanager
async def open_database(kind: type[DatabaseSettings], environment: Mapping[str, str]) -> AsyncIterator[Database]:
    settings = kind(**settings_in(environment))
    database = Database(settings, name="test")
    await database.open()
    try:
        yield database
    finally:
        await database.close()
