"""Follows which tickets are overdue, and tells owners and admins of those that stay so."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Reason

from opsdash_notifications.batches import Rows, deal_with_due
from opsdash_notifications.escalation import repository
from opsdash_notifications.escalation.model import LastingBreach
from opsdash_notifications.inbox.model import is_silent
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.recipients import repository as recipients
from opsdash_notifications.recipients.model import Occasion
from opsdash_notifications.tickets import repository as tickets


async def begin(work: UnitOfWork, source: Source, *, replayed: bool) -> None:
    """A due time has passed. What nobody was told of is not told later either."""
    org = await recipients.org(work.connection, source.org_id)
    if org is None or org.is_gone:
        return
    if not is_silent(replayed=replayed, at=source.at, installed_at=org.installed_at):
        await repository.begin(work.connection, source)


async def end(work: UnitOfWork, org_id: UUID, ticket_id: UUID) -> None:
    """The due time was moved, met, missed or cleared, or the ticket deleted."""
    await repository.end(work.connection, org_id, ticket_id)


async def escalate_due(database: Database) -> None:
    """All that have lasted long enough."""
    await deal_with_due(database, repository.take_due, BREACHES)


async def _deal_with(work: UnitOfWork, breach: LastingBreach) -> None:
    """Nothing is told of a ticket that is deleted."""
    ticket = await tickets.read(work.connection, breach.org_id, breach.ticket_id)
    if ticket is None or ticket.deleted_at is None:
        await notify(work, breach.source(), Occasion((Reason.SLA_ESCALATED,)), replayed=False)


BREACHES: Final = Rows("lasting_breach", 100, _deal_with, repository.put_off)
