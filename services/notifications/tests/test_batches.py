"""One reminder or lasting breach that cannot be told is put off, and those of other people and orgs are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.errors import Unavailable
from opsdash_notifications.batches import PUT_OFF_FOR
from opsdash_notifications.escalation.service import escalate_due
from opsdash_notifications.reminders.service import remind_due
from prometheus_client import REGISTRY

from services.notifications.tests.conftest import Desk
from services.notifications.tests.happenings import TicketStory, now
from services.notifications.tests.mail.conftest import settings_of
from services.notifications.tests.reminders.test_telling import set_reminders

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("installed_long_ago")]

BAD = 666


@pytest.fixture
async def database(desk: Desk) -> AsyncIterator[Database]:
    """Where nothing can be told of the ticket with the bad number."""
    owner = await asyncpg.connect(desk.database.owner_url)
    await owner.execute(f"ALTER TABLE inbox_rows ADD CONSTRAINT bad CHECK (number IS DISTINCT FROM {BAD})")
    await owner.close()
    opened = Database(settings_of(desk.database), name="notifications")
    await opened.open()
    yield opened
    await opened.close()


def put_off(kind: str) -> float:
    return REGISTRY.get_sample_value("opsdash_rows_put_off_total", {"kind": kind}) or 0


async def told(desk: Desk) -> set[int]:
    return {row["number"] for row in await desk.connection.fetch("SELECT number FROM inbox_rows")}


async def stories(desk: Desk) -> list[TicketStory]:
    """The bad one's time came first."""
    bad, others = desk.story(number=BAD), [desk.story(number=1), desk.story(desk.workspace.foreign, number=2)]
    await desk.apply(*(story.created() for story in (bad, *others)))
    return [bad, *others]


async def test_reminders(desk: Desk, database: Database) -> None:
    wanted = [
        (story, story.creator, now() - timedelta(hours=1) + timedelta(seconds=number))
        for number, story in enumerate(await stories(desk))
    ]
    identity, *_ = await set_reminders(desk.database, wanted)
    before = put_off("reminder")
    for _ in range(2):
        await remind_due(database)
    assert await told(desk) == {1, 2}
    (row,) = await desk.connection.fetch("SELECT id, at FROM reminders")
    assert row["id"] == identity
    assert PUT_OFF_FOR / 2 < row["at"] - now() <= PUT_OFF_FOR
    assert put_off("reminder") == before + 1


async def test_lasting_breaches(desk: Desk, database: Database) -> None:
    for story in await stories(desk):
        await desk.connection.execute(
            "INSERT INTO lasting_breaches (org_id, ticket_id, number, event_id, breached_at)"
            " VALUES ($1, $2, $3, gen_random_uuid(), now() - interval '30 hours')",
            story.org_id, story.id, story.number,
        )  # fmt: skip
    before = put_off("lasting_breach")
    for _ in range(2):
        await escalate_due(database)
    assert await told(desk) == {1, 2}
    (row,) = await desk.connection.fetch(
        "SELECT number, breached_at + interval '24 hours' AS due_at FROM lasting_breaches"
    )
    assert row["number"] == BAD
    assert PUT_OFF_FOR / 2 < row["due_at"] - now() <= PUT_OFF_FOR
    assert put_off("lasting_breach") == before + 1


async def test_what_was_put_off_is_told_when_it_can_be(desk: Desk, database: Database) -> None:
    bad, *_ = await stories(desk)
    await set_reminders(desk.database, [(bad, bad.creator, now() - timedelta(hours=1))])
    await remind_due(database)
    owner = await asyncpg.connect(desk.database.owner_url)
    await owner.execute("ALTER TABLE inbox_rows DROP CONSTRAINT bad")
    await owner.close()
    await desk.connection.execute("UPDATE reminders SET at = at - $1::interval", PUT_OFF_FOR)
    await remind_due(database)
    assert await told(desk) == {BAD}


async def test_a_database_that_is_away_puts_nothing_off(desk: Desk, database: Database) -> None:
    story, *_ = await stories(desk)
    at = now() - timedelta(hours=1)
    await set_reminders(desk.database, [(story, story.creator, at)])
    await desk.database.alter("SET default_transaction_read_only = on")
    await database.close()
    await database.open()
    with pytest.raises(Unavailable):
        await remind_due(database)
    assert [row["at"] for row in await desk.connection.fetch("SELECT at FROM reminders")] == [at]
