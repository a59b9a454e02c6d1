"""A ticket that an event or a request is about, asked for when its own events have not told of it yet."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection

from opsdash_notifications.tickets import repository
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.tickets_client import TicketClient


async def known_or_asked(
    connection: Connection, org_id: UUID, ticket_id: UUID, tickets_client: TicketClient
) -> KnownTicket | None:
    """The ticket; None when there is none. It is asked for before anything is locked. Raises Unavailable."""
    known = await repository.read(connection, org_id, ticket_id)
    if known is not None:
        return known
    found = await tickets_client.known(org_id, ticket_id)
    if found is not None:
        await repository.store(connection, found)
    return found
