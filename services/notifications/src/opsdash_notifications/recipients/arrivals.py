"""Orgs and people whom events name before the workspace feed has told of them: how long is waited for them.

Topics have no order among each other: the first events of a new org may be here before the org is. No clock, no
database.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opsdash_chassis.errors import ComesLater

#: For each org and person, from the first event that names them; and in one org in all, whoever is missed there.
PATIENCE: Final = timedelta(seconds=60)
#: Who did not come is not waited for again this long, nor anybody in an org that had its minute.
GIVEN_UP_FOR: Final = timedelta(minutes=10)
#: How old an event may be: an outage of this service is no reason to tell nobody, and older news need nobody waiting.
OLDEST: Final = timedelta(hours=1)
MOST_REMEMBERED: Final = 10_000
AGAIN_AFTER_SECONDS: Final = 1
#: What lies between two events that wait counts as waiting for no longer than this.
ONE_TRY: Final = timedelta(seconds=2 * AGAIN_AFTER_SECONDS)


@dataclass(frozen=True, slots=True)
class _Held:
    """How long events of an org have waited in all, and when the last one did."""

    at: datetime
    total: timedelta = timedelta()

    def longer(self, now: datetime) -> _Held:
        return _Held(now, self.total + min(now - self.at, ONE_TRY))


class Arrivals:
    """Of one process: since when somebody is missed, and how long the events of an org have waited."""

    def __init__(self) -> None:
        self._since: dict[tuple[UUID, UUID], datetime] = {}
        self._held: dict[UUID, _Held] = {}  # in the order of the last event that waited

    def wait_for(self, org_id: UUID, missing: Collection[UUID], *, at: datetime, now: datetime) -> None:
        """Return once nobody is worth waiting for any more; `at` is the event's time. Raises ComesLater."""
        if now - at > OLDEST:
            return
        self._forget(now)
        since = [self._since.setdefault((org_id, each), now) for each in missing]
        held = self._held.get(org_id, _Held(now)).longer(now)
        if held.total < PATIENCE and any(now - each < PATIENCE for each in since):
            self._held.pop(org_id, None)
            self._held[org_id] = held
            raise ComesLater("An event names an org or a person who is not known yet.", AGAIN_AFTER_SECONDS)

    def _forget(self, now: datetime) -> None:
        """Those who may be waited for anew, and the oldest when there are too many."""
        for key, since in list(self._since.items()):
            if len(self._since) <= MOST_REMEMBERED and now - since < PATIENCE + GIVEN_UP_FOR:
                break  # the others came later
            del self._since[key]
        for org_id, held in list(self._held.items()):
            if len(self._held) <= MOST_REMEMBERED and now - held.at < GIVEN_UP_FOR:
                break
            del self._held[org_id]
