"""Orgs and people whom events name before the workspace feed has told of them: how long is waited for them.

Topics have no order among each other: the first events of a new org may be here before the org is. No clock, no
database.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opsdash_chassis.errors import ComesLater

#: For each org and person, from the first event that names them.
PATIENCE: Final = timedelta(seconds=60)
#: Who did not come is not waited for again this long, so that events that name them hold up nothing.
GIVEN_UP_FOR: Final = timedelta(minutes=10)
#: How old an event may be: an outage of this service is no reason to tell nobody, and older news need nobody waiting.
OLDEST: Final = timedelta(hours=1)
MOST_REMEMBERED: Final = 10_000
AGAIN_AFTER_SECONDS: Final = 1


class Arrivals:
    """Of one process: since when somebody is missed."""

    def __init__(self) -> None:
        self._since: dict[tuple[UUID, UUID], datetime] = {}

    def wait_for(self, org_id: UUID, missing: Collection[UUID], *, at: datetime, now: datetime) -> None:
        """Return once nobody is worth waiting for any more; `at` is the event's time. Raises ComesLater."""
        if now - at > OLDEST:
            return
        self._forget(now)
        for each in sorted(missing):
            if now - self._since.setdefault((org_id, each), now) < PATIENCE:
                raise ComesLater("An event names an org or a person who is not known yet.", AGAIN_AFTER_SECONDS)

    def _forget(self, now: datetime) -> None:
        """Those who may be waited for anew, and the oldest when there are too many."""
        for key, since in list(self._since.items()):
            if len(self._since) <= MOST_REMEMBERED and now - since < PATIENCE + GIVEN_UP_FOR:
                return  # the others came later
            del self._since[key]
