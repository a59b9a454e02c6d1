"""The subscriptions of the service: each topic with the handlers of its room."""

from __future__ import annotations

from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_contracts.topics import TICKETS

from opsdash_notifications.activity.consumers import TICKET_HANDLERS


def subscribe(consumers: Consumers) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(TICKETS, TICKET_HANDLERS)
