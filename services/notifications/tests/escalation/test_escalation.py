"""Breaches that last, on a real database: told once, by the hours of the org, and not when they have ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from opsdash_contracts import sla
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaOutcome, SlaRule, SlaTimer
from opsdash_contracts.tickets import Priority, SlaSource
from opsdash_notifications.batches import one_batch
from opsdash_notifications.escalation import repository, service
from opsdash_notifications.org_settings import repository as settings_repository
from opsdash_notifications.org_settings.model import OrgSettings

from services.notifications.tests.conftest import Desk
from services.notifications.tests.happenings import TicketStory, now, replayed

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("installed_long_ago")]

DAY = timedelta(hours=24)


def over(story: TicketStory, kind: str) -> Event[SlaTimer | SlaOutcome]:
    """The due time of the ticket is no longer the one that has passed."""
    common = {
        "org_id": story.org_id, "version": 3, "ticket_id": story.id, "number": story.number, "ticket_version": 2,
        "priority": Priority.HIGH, "assignee_id": None, "created_by": story.creator, "due_at": now(),
        "rule": SlaRule.FINISHED,
    }  # fmt: skip
    data: SlaTimer | SlaOutcome
    if kind in SlaOutcome.event_types:
        data = SlaOutcome(**common, finished_at=common["due_at"] + timedelta(hours=kind == sla.MISSED))  # type: ignore[arg-type, operator]
    else:
        moved = now() if kind == sla.RESCHEDULED else None
        data = SlaTimer(**common, sla_source=SlaSource.MANUAL, previous_due_at=moved)  # type: ignore[arg-type]
    return Event.of(data, type=kind, id=uuid4(), time=now())


async def later(desk: Desk, passed: timedelta) -> None:
    """As if the breaches had been so long ago."""
    await desk.connection.execute("UPDATE lasting_breaches SET breached_at = breached_at - $1::interval", passed)


async def escalate(desk: Desk) -> list[str]:
    """The reasons of the rows of the owner's inbox, in an org where nobody else is told of anything."""
    async with desk.work() as work:
        await one_batch(work, repository.take_due, service.BREACHES)
    found = await desk.connection.fetch("SELECT reason FROM inbox_rows WHERE user_id = $1", desk.ours.owner)
    return [row["reason"] for row in found]


@pytest.fixture
async def story(desk: Desk) -> TicketStory:
    """Assigned, so that owners and admins are not told of the breach itself."""
    story = desk.story(assignee=desk.ours.member)
    await desk.apply(story.created(), story.breached())
    return story


async def test_a_breach_that_lasts_a_day_is_told_owners_and_admins_once(desk: Desk, story: TicketStory):
    await later(desk, DAY - timedelta(minutes=1))
    assert await escalate(desk) == []
    await later(desk, timedelta(minutes=2))
    assert await escalate(desk) == ["sla_escalated"]
    rows, notices = await desk.rows(), await desk.notices()
    assert rows[desk.ours.admin]["reason"] == "sla_escalated"
    assert rows[desk.ours.member]["reason"] == "sla_breached"
    assert await escalate(desk) == ["sla_escalated"]
    assert (await desk.rows(), await desk.notices()) == (rows, notices)
    assert rows[desk.ours.owner]["number"] == story.number


@pytest.mark.parametrize("kind", [sla.SCHEDULED, sla.RESCHEDULED, sla.CANCELLED, sla.MET, sla.MISSED])
async def test_one_that_has_ended_is_not(desk: Desk, story: TicketStory, kind: str):
    await desk.apply(over(story, kind))
    await later(desk, 2 * DAY)
    assert await escalate(desk) == []


async def test_a_deleted_ticket_is_not(desk: Desk, story: TicketStory):
    await desk.apply(story.deleted(by=desk.ours.owner))
    await later(desk, 2 * DAY)
    assert await escalate(desk) == []


async def test_the_org_says_after_how_many_hours_and_0_is_never(desk: Desk, story: TicketStory):
    await later(desk, timedelta(hours=3))
    for version, hours in enumerate((0, 4, 2), start=1):
        assert await escalate(desk) == []
        assert await save(desk, OrgSettings(escalate_after_hours=hours, version=version))
    assert await escalate(desk) == ["sla_escalated"]


async def save(desk: Desk, settings: OrgSettings) -> bool:
    """As a request does."""
    connection = await asyncpg.connect(desk.database.app_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(desk.ours.id))
            return await settings_repository.save(connection, desk.ours.id, settings)
    finally:
        await connection.close()


async def test_what_is_sent_again_is_not_told_later_either(desk: Desk):
    story = desk.story(assignee=desk.ours.member)
    await desk.apply(replayed(story.created()), replayed(story.breached()))
    await later(desk, 2 * DAY)
    assert await escalate(desk) == []
