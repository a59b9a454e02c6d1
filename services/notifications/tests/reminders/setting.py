"""Sets reminders as requests do, for times that no request may name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
from opsdash_notifications.reminders import repository
from opsdash_notifications.reminders.repository import Reminder

from services.notifications.tests.happenings import TicketStory, now
from tests.support.databases import ServiceDatabase


async def set_reminders(
    database: ServiceDatabase, wanted: Iterable[tuple[TicketStory, UUID, datetime]], *, note: str | None = None
) -> list[UUID]:
    """One for each ticket, person and time; their ids."""
    connection = await asyncpg.connect(database.app_url)
    found = list[UUID]()
    for story, person, at in wanted:
        reminder = Reminder(uuid4(), story.id, story.number, at, note, now(), 1)
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(story.org_id))
            assert await repository.add(connection, story.org_id, person, reminder)
        found.append(reminder.id)
    await connection.close()
    return found
