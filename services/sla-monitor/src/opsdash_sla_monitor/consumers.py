"""The subscriptions of the service: each topic with the handlers of its room."""

from __future__ import annotations

from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_contracts.topics import NOTICES, TICKETS

from opsdash_sla_monitor.deadlines.consumers import ticket_handlers
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient
from opsdash_sla_monitor.deliveries.consumers import NOTICE_HANDLERS


def subscribe(consumers: Consumers, tickets_client: TicketsClient) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(TICKETS, ticket_handlers(tickets_client))
    consumers.subscribe(NOTICES, NOTICE_HANDLERS)
