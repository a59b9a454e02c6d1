"""Consumers and senders of mail at the same time: no mail is stranded, nobody waits in a circle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Reason
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.mail import repository, service
from opsdash_notifications.recipients.model import Occasion

from services.notifications.tests.mail.conftest import JONAS, MAYA, ORG, Mails
from tests.support.measurements import eventually

_WAITING = """
SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


async def told(work: UnitOfWork, number: int) -> None:
    source = Source(ORG, uuid4(), datetime.now(UTC), UUID(int=number), number)
    occasion = Occasion((Reason.MENTIONED,), actor_id=JONAS, named=(MAYA,))
    await notify(work, source, occasion, replayed=False)


@pytest.mark.parametrize("conclude", [service.record_sent, service.record_refused, service.wait_for_text])
async def test_a_mail_that_comes_while_another_is_recorded_is_not_stranded(mails: Mails, conclude: Any) -> None:
    await mails.execute("INSERT INTO mail_preferences (user_id, delay_seconds) VALUES ($1, 0)", MAYA)
    await mails.notice(MAYA)
    await mails.pass_by(timedelta(minutes=10))
    async with mails.work() as work:
        departure = await service.depart(work)
    assert departure is not None

    async def record() -> None:
        async with mails.work() as work:
            await conclude(work, departure.turn, departure.mails[0])

    async with mails.work() as consumer:
        await told(consumer, 43)
        recording = asyncio.create_task(record())
        await eventually(lambda: mails.stored.fetch(_WAITING), bool)
    await recording
    (found,) = await mails.stored.fetch(
        "SELECT t.due_at, (SELECT min(due_at) FROM mails) AS first FROM mail_turns t WHERE user_id = $1", MAYA
    )
    assert found["due_at"] is not None
    assert found["due_at"] == found["first"]


async def test_telling_and_recording_do_not_wait_for_each_other(mails: Mails) -> None:
    """Both need the turn of the person and the counter of the ticket."""
    await mails.notice(MAYA)
    await mails.pass_by(timedelta(minutes=10))
    async with mails.work() as work:
        departure = await service.depart(work)
    assert departure is not None

    async def tell() -> None:
        async with mails.work() as work:
            await told(work, 42)

    async with mails.work() as recorder:
        await repository.lock_turn(recorder.connection, ORG, MAYA)
        telling = asyncio.create_task(tell())
        await eventually(lambda: mails.stored.fetch(_WAITING), bool)
        await service.record_sent(recorder, departure.turn, departure.mails[0])
    await telling
    assert (await mails.outcomes(), await mails.waiting()) == ([("notice.sent", None)], 1)


async def test_turns_without_a_time_are_found_again(mails: Mails) -> None:
    await mails.notice(MAYA)
    await mails.pass_by(timedelta(minutes=10))
    await mails.execute("UPDATE mail_turns SET due_at = NULL")
    async with mails.work() as work:
        await repository.revive(work.connection)
    async with mails.work() as work:
        assert await service.depart(work) is not None
