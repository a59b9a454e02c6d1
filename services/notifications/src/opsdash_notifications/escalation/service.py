"""Follows which tickets are overdue, and tells owners and admins of those that stay so."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_contracts.notices import Reason

from opsdash_notifications.escalation import repository
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
    """Batch by batch; any replica may do it, and each breach is in the hands of one."""
    taken = repository.BATCH
    while taken == repository.BATCH:
        async with worker_unit_of_work(database) as work:
            taken = await escalate_batch(work)


async def escalate_batch(work: UnitOfWork) -> int:
    """Tell of some; how many were due. Nothing is told of a ticket that is deleted."""
    due = await repository.take_due(work.connection)
    for breach in due:
        ticket = await tickets.read(work.connection, breach.org_id, breach.ticket_id)
        if ticket is None or ticket.deleted_at is None:
            await notify(work, breach.source(), Occasion((Reason.SLA_ESCALATED,)), replayed=False)
    return len(due)
