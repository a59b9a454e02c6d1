"""Sessions of the console that are over before their time: what tells every replica of the gateway."""

from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from opsdash_contracts.base import EventData, Utc

ENDED: Final = "session.ended"


class Ended(StrEnum):
    """What `ended_id` is the id of."""

    SESSION = "session"
    PROVIDER_SESSION = "provider_session"
    PERSON = "person"


class SessionEnded(EventData):
    """Belongs to no org and opens nothing: ids only, random or made of issuer and `sid` or `sub` (UUIDv5).

    Of a person those sessions are over that began at `ended_at` or before.
    """

    event_types: ClassVar[tuple[str, ...]] = (ENDED,)
    event_source: ClassVar[str] = "/services/gateway"
    of_an_org: ClassVar[bool] = False

    ended_id: UUID
    what: Ended
    ended_at: Utc

    @property
    def event_key(self) -> str:
        return str(self.ended_id)

    @property
    def event_org_id(self) -> None:
        return None

    @property
    def event_sequence(self) -> int:
        """Milliseconds since 1970: nobody counts how often a person was signed out."""
        return int(self.ended_at.timestamp() * 1000)
