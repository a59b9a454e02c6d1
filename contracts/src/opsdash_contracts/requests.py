"""Requests that one replica of a service has let through: what has all of them count against one limit."""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field

from opsdash_contracts.base import EventData, Version

#: In one message: well below what a message may have in bytes.
MAXIMUM_KEYS: Final = 1000

_Requests = Annotated[float, Field(ge=0, le=1e9)]


class RequestsCounted(EventData):
    """Belongs to no org: `requests` says of each limited id how many there were since the message before.

    A request that cost more than one counts as several, in fractions. `number` counts the messages of a replica, whose
    id is a random one of each start; `sent_at` is the time in seconds by its monotonic clock, which begins anywhere.
    """

    of_an_org: ClassVar[bool] = False

    replica_id: UUID
    number: Version
    sent_at: Annotated[float, Field(ge=0, le=1e12)]
    requests: Annotated[dict[UUID, _Requests], Field(min_length=1, max_length=MAXIMUM_KEYS)]

    @property
    def event_key(self) -> str:
        return str(self.replica_id)

    @property
    def event_org_id(self) -> None:
        return None

    @property
    def event_sequence(self) -> int:
        return self.number


class GatewayRequestsCounted(RequestsCounted):
    """Of persons, by user id."""

    event_types: ClassVar[tuple[str, ...]] = ("gateway_requests.counted",)
    event_source: ClassVar[str] = "/services/gateway"


class TicketsRequestsCounted(RequestsCounted):
    """Of orgs, by org id."""

    event_types: ClassVar[tuple[str, ...]] = ("tickets_requests.counted",)
    event_source: ClassVar[str] = "/services/tickets"


class CommentsRequestsCounted(RequestsCounted):
    """Of orgs, by org id."""

    event_types: ClassVar[tuple[str, ...]] = ("comments_requests.counted",)
    event_source: ClassVar[str] = "/services/comments"


class NotificationsRequestsCounted(RequestsCounted):
    """Of orgs, by org id."""

    event_types: ClassVar[tuple[str, ...]] = ("notifications_requests.counted",)
    event_source: ClassVar[str] = "/services/notifications"
