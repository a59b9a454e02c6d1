"""Events of this service, with the id, time and trace that each has."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.observability.tracing import current_traceparent
from opsdash_contracts.envelope import Event, EventData

Data = TypeVar("Data", bound=EventData)


def new_event(data: Data, event_type: str, *, actor_id: UUID | None, now: datetime) -> Event[Data]:
    """An event with this data; `actor_id` None means the system acted."""
    return Event.of(
        data,
        type=event_type,
        id=uuid_utils.uuid7(),
        time=now,
        actor_id=actor_id,
        traceparent=current_traceparent(),
    )
