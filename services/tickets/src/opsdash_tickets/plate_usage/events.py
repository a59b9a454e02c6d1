"""The event that tells how much of its cap an org uses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_contracts.envelope import Event
from opsdash_contracts.usage import NOTICED, UsageNotice
from opsdash_contracts.workspace import PLATE_CAPS, Plate

from opsdash_tickets.event_factory import new_event


def usage_notice(
    org_id: UUID, *, plate: Plate, percent: int, used: int, sequence: int, now: datetime
) -> Event[UsageNotice]:
    """The notice that an org has reached a share of its plate's cap; `sequence` counts the org's notices."""
    data = UsageNotice.model_validate(
        {
            "org_id": org_id,
            "version": sequence,
            "plate": plate,
            "percent": percent,
            "used": used,
            "limit": PLATE_CAPS[plate],
        }
    )
    return new_event(data, NOTICED, actor_id=None, now=now)
