"""Events of the notifications service: how much happened to a ticket. `version` counts the ticket's events."""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import StringConstraints

from opsdash_contracts.base import OrgEventData, Utc, Version

ACTIVITY_COUNTED: Final = "notifications.activity_counted"


class ActivityCounted(OrgEventData):
    """One event more of a ticket was counted; the data is the whole state."""

    event_types: ClassVar[tuple[str, ...]] = (ACTIVITY_COUNTED,)
    event_source: ClassVar[str] = "/services/notifications"

    ticket_id: UUID
    number: Version
    last_event_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,100}$")]
    last_event_at: Utc

    @property
    def event_key(self) -> str:
        return str(self.ticket_id)
