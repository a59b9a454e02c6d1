"""What the service does with the activity of tickets: count a change, read the count.

Each function takes an open transaction and never commits.
"""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.topics import NOTIFICATIONS

from opsdash_notifications.activity import model, repository
from opsdash_notifications.activity.events import activity_counted
from opsdash_notifications.activity.model import TicketActivity, TicketChange
from opsdash_notifications.errors import ActivityUnknown


async def count_change(work: UnitOfWork, change: TicketChange) -> None:
    """Count it, and publish the new count through the outbox of the same transaction."""
    before = await repository.lock(work.connection, change.org_id, change.ticket_id)
    activity = model.counted(before, change)
    await repository.save(work.connection, activity)
    await work.append_events([activity_counted(activity, now=work.now)], topic=NOTIFICATIONS)


async def activity_of(connection: Connection, org_id: UUID, ticket_id: UUID) -> TicketActivity:
    """Of a ticket of this org. Raises ActivityUnknown."""
    await repository.set_tenant(connection, org_id)
    activity = await repository.read(connection, org_id, ticket_id)
    if activity is None:
        raise ActivityUnknown
    return activity
