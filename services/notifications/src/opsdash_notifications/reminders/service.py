"""People set, move and remove their reminders, and are told when the time has come.

But for `remind_due`, which commits batch by batch, each function takes an open unit of work and never commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import uuid_utils.compat as uuid_utils
from msgspec import UNSET, UnsetType
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Reason
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.access.policy import Access
from opsdash_notifications.batches import Rows, deal_with_due
from opsdash_notifications.errors import NotFound, TooManyReminders
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.recipients.model import Occasion
from opsdash_notifications.reminders import metrics, repository
from opsdash_notifications.reminders.model import check_moment, note_of
from opsdash_notifications.reminders.repository import DueReminder, Reminder
from opsdash_notifications.tickets import repository as tickets
from opsdash_notifications.tickets.model import KnownTicket


async def create(work: UnitOfWork, access: Access, ticket: KnownTicket, at: datetime, note: str | None) -> Reminder:
    """Raises InvalidFields, TooManyReminders."""
    check_moment(at, work.now)
    reminder = Reminder(uuid_utils.uuid7(), ticket.ticket_id, ticket.number, at, note_of(note), work.now, 1)
    if not await repository.add(work.connection, access.org_id, access.user_id, reminder):
        raise TooManyReminders
    return reminder


async def change(
    work: UnitOfWork,
    access: Access,
    reminder_id: UUID,
    *,
    at: datetime | UnsetType,
    note: str | UnsetType | None,
    if_match: ExpectedVersions,
) -> Reminder:
    """The caller's own; what is unset stays. Raises NotFound, StaleVersion, InvalidFields."""
    known = await _locked(work, access, reminder_id, if_match)
    if at is not UNSET:
        check_moment(at, work.now)
    changed = msgspec.structs.replace(
        known, at=known.at if at is UNSET else at, note=known.note if note is UNSET else note_of(note)
    )
    if changed == known:
        return known
    await repository.save(work.connection, access.org_id, access.user_id, changed)
    return msgspec.structs.replace(changed, version=known.version + 1)


async def remove(work: UnitOfWork, access: Access, reminder_id: UUID, *, if_match: ExpectedVersions) -> None:
    """The caller's own. Raises NotFound, StaleVersion."""
    await _locked(work, access, reminder_id, if_match)
    await repository.remove(work.connection, access.org_id, access.user_id, reminder_id)


async def _locked(work: UnitOfWork, access: Access, reminder_id: UUID, if_match: ExpectedVersions) -> Reminder:
    known = await repository.lock(work.connection, access.org_id, access.user_id, reminder_id)
    if known is None:
        raise NotFound
    check_version(known.version, if_match)
    return known


async def remind_due(database: Database) -> None:
    """All whose time has come."""
    await deal_with_due(database, repository.take_due, REMINDERS)


async def _deal_with(work: UnitOfWork, reminder: DueReminder) -> None:
    """Nothing is told of a ticket that is deleted, nor to who has left."""
    ticket = await tickets.read(work.connection, reminder.org_id, reminder.ticket_id)
    if ticket is None or ticket.deleted_at is None:
        await notify(work, _source(reminder), _occasion(reminder), replayed=False)
        metrics.LATENESS.observe(max(0.0, (work.now - reminder.at).total_seconds()))


def _source(reminder: DueReminder) -> Source:
    """What is told: it has the id of the reminder, so it is told once."""
    return Source(reminder.org_id, reminder.id, reminder.at, reminder.ticket_id, reminder.number)


def _occasion(reminder: DueReminder) -> Occasion:
    return Occasion((Reason.REMINDER,), named=(reminder.user_id,), note=reminder.note)


REMINDERS: Final = Rows("reminder", 50, _deal_with, repository.put_off)
