"""The subscriptions of the service: each topic with the handlers of its room."""

from __future__ import annotations

from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_contracts.topics import COMMENTS, SLA, TICKETS, WORKSPACE

from opsdash_notifications.directory.consumers import WORKSPACE_HANDLERS
from opsdash_notifications.escalation.consumers import SLA_HANDLERS
from opsdash_notifications.inbox.consumers import comment_handlers
from opsdash_notifications.reminders.consumers import TICKET_HANDLERS
from opsdash_notifications.tickets.tickets_client import TicketClient


def subscribe(consumers: Consumers, tickets_client: TicketClient) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(WORKSPACE, WORKSPACE_HANDLERS)
    consumers.subscribe(TICKETS, TICKET_HANDLERS)
    consumers.subscribe(COMMENTS, comment_handlers(tickets_client))
    consumers.subscribe(SLA, SLA_HANDLERS)
