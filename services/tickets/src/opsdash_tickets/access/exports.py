"""How many exports go on at once: each reads page after page for as long as its reader takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opsdash_http.asgi import ReadOnlyScope
from opsdash_http.limits.seats import Seats
from opsdash_http.requests.request_limits import at_end

from opsdash_tickets.access.policy import Access
from opsdash_tickets.settings import TicketsSettings

RETRY_AFTER_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Exports:
    """The seats of this process."""

    of_person: Seats
    of_org: Seats

    @classmethod
    def of(cls, settings: TicketsSettings) -> Exports:
        return cls(
            Seats(settings.exports_per_person, retry_after_seconds=RETRY_AFTER_SECONDS),
            Seats(settings.exports_per_org, retry_after_seconds=RETRY_AFTER_SECONDS),
        )

    def begin(self, access: Access, scope: ReadOnlyScope) -> None:
        """Take a seat of the person and one of the org until the request is over. Raises the 429 problem."""
        at_end(scope, self.of_person.acquire(access.user_id))
        at_end(scope, self.of_org.acquire(access.org_id))
