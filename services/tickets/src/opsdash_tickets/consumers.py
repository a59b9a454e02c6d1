"""What the tickets service does with the events of others."""

from __future__ import annotations

from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_contracts.sla import BREACHED
from opsdash_contracts.topics import COMMENTS, SLA, WORKSPACE

from opsdash_tickets.comments.consumers import COMMENT_HANDLERS
from opsdash_tickets.directory.consumers import WORKSPACE_HANDLERS
from opsdash_tickets.sla.consumers import stamp_breach


def subscribe(consumers: Consumers) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(WORKSPACE, WORKSPACE_HANDLERS)
    consumers.subscribe(COMMENTS, COMMENT_HANDLERS)
    consumers.subscribe(SLA, {BREACHED: stamp_breach})
