"""From a count to the event that is published: the one mapping between the two."""

from __future__ import annotations

from datetime import datetime

import uuid_utils.compat as uuid_utils
from opsdash_chassis.observability.tracing import current_traceparent
from opsdash_contracts.envelope import Event
from opsdash_contracts.notifications import ACTIVITY_COUNTED, ActivityCounted

from opsdash_notifications.activity.model import TicketActivity


def activity_counted(activity: TicketActivity, *, now: datetime) -> Event[ActivityCounted]:
    """The event of a new count, which is the version of the ticket's activity too."""
    data = ActivityCounted(
        org_id=activity.org_id,
        version=activity.events,
        ticket_id=activity.ticket_id,
        number=activity.number,
        last_event_type=activity.last_event_type,
        last_event_at=activity.last_event_at,
    )
    return Event.of(data, type=ACTIVITY_COUNTED, id=uuid_utils.uuid7(), time=now, traceparent=current_traceparent())
