"""Watching and muting a ticket, by what a person does and by hand.

Each function takes an open unit of work and never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork

from opsdash_notifications.access.policy import Access
from opsdash_notifications.errors import TooManyWatchers
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.watching import repository
from opsdash_notifications.watching.model import WatchState


async def watch_automatically(
    work: UnitOfWork, org_id: UUID, ticket_id: UUID, people: Sequence[UUID], *, replayed: bool
) -> None:
    """Who has muted the ticket has muted it still; who comes when there is no room is left out."""
    if people:
        await repository.add(work.connection, org_id, ticket_id, people, work.now, replayed=replayed)


async def set_watch(work: UnitOfWork, access: Access, ticket: KnownTicket, state: WatchState) -> None:
    """Raises TooManyWatchers."""
    if not await repository.save(work.connection, access.org_id, ticket.ticket_id, access.user_id, state, work.now):
        raise TooManyWatchers


async def end_watch(work: UnitOfWork, access: Access, ticket: KnownTicket) -> None:
    """Neither watched nor muted; the next thing the person does makes them watch again."""
    await repository.end(work.connection, access.org_id, ticket.ticket_id, access.user_id, work.now)
