"""Begins daily mails at their hour, hands one out to be sent, and keeps that there is no second one on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT

from opsdash_notifications.failures import others_go_on
from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.mail import composition, preferences_repository
from opsdash_notifications.mail import repository as mails
from opsdash_notifications.mail.repository import Addressee
from opsdash_notifications.org_settings import repository as org_settings
from opsdash_notifications.overdue import model, repository
from opsdash_notifications.overdue.repository import Digest

#: How long a process has to send one; after that another one does it, under the same id.
LEASE: Final = timedelta(seconds=120)
PAUSE: Final = timedelta(minutes=1)
_PLATES: Final = [str(plate) for plate in PLATES_WITH_SUPPORT]


@dataclass(frozen=True, slots=True)
class Turn:
    """A daily mail that is to be sent now, if anything is overdue; without `addressee` it is not."""

    digest: Digest
    addressee: Addressee | None
    language: str
    zone: tzinfo
    at: datetime


async def begin_due(database: Database) -> None:
    """Those whose hour has come; after an outage, also those of some hours before. One that fails keeps up no other."""
    async with worker_unit_of_work(database) as work:
        hours, now = await repository.hours(work.connection), work.now
    for hour in hours:
        with others_go_on("digest_hour"):
            moment = hour.last(now)
            if not model.is_late(moment, now):
                async with database.worker_transaction() as connection:
                    await repository.begin(connection, hour, hour.day(moment), moment, _PLATES)


async def claim(work: UnitOfWork) -> Digest | None:
    """The next that is due, if any; when this process does not end it, it is due again after LEASE."""
    return await repository.claim(work.connection, work.now + LEASE)


async def turn_of(work: UnitOfWork, digest: Digest) -> Turn:
    """Whether it is still wanted, and how."""
    stored = await preferences_repository.read(work.connection, digest.user_id)
    is_muted = stored.muted_until is not None and work.now < stored.muted_until
    is_over = stored.digest_hour is None or is_muted or model.is_late(digest.made_at, work.now)
    found = await mails.addressee(work.connection, digest.org_id, digest.user_id, _PLATES)
    if is_over or found is None or not composition.is_address(found.email or ""):
        return Turn(digest, None, DEFAULT_LANGUAGE, UTC, work.now)
    org = await org_settings.read(work.connection, digest.org_id)
    zone = ZoneInfo(stored.digest_zone or "UTC")
    return Turn(digest, found, stored.language or org.language, zone, work.now)


async def end(work: UnitOfWork, turn: Turn) -> None:
    await repository.end(work.connection, turn.digest)


async def retry_later(work: UnitOfWork, turn: Turn) -> None:
    """What it needs is away; it is tried until it is too late."""
    await repository.postpone(work.connection, turn.digest, work.now + PAUSE)


async def prune(database: Database) -> None:
    async with database.worker_transaction() as connection:
        await repository.prune(connection)
