"""The rules of team channels: which of them hear of an event, how many an org may have, and when one is given up.

Pure functions; no clock, no database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from opsdash_contracts.notices import Reason
from opsdash_contracts.workspace import Plate

#: How many channels the orgs of a plate may have.
AMOUNTS: Final[Mapping[Plate, int]] = {
    Plate.FREE: 0,
    Plate.SALES: 2,
    Plate.GROWTH: 5,
    Plate.FULL_LOOP: 10,
    Plate.AGENCY: 30,
}
#: A channel is disabled after so many failures in a row, when the first is so long ago.
MOST_FAILURES: Final = 50
LONGEST_FAILING: Final = timedelta(hours=24)


class ChannelReason(StrEnum):
    """The reasons that may concern a team."""

    ASSIGNED = Reason.ASSIGNED.value
    MENTIONED = Reason.MENTIONED.value
    COMMENTED = Reason.COMMENTED.value
    STATUS_CHANGED = Reason.STATUS_CHANGED.value
    REOPENED = Reason.REOPENED.value
    SLA_WARNING = Reason.SLA_WARNING.value
    SLA_BREACHED = Reason.SLA_BREACHED.value
    SLA_ESCALATED = Reason.SLA_ESCALATED.value
    USAGE = Reason.USAGE.value


class DisabledWhy(StrEnum):
    BY_HAND = "by_hand"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class TicketKind:
    """What a filter looks at. None is not known: then nothing is kept from the channel."""

    priority: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A channel and what it wants to hear of. An empty list of a filter is any."""

    id: UUID
    reasons: Sequence[str]
    priorities: Sequence[str]
    categories: Sequence[str]

    @property
    def has_filter(self) -> bool:
        return bool(self.priorities or self.categories)


def reason_for(listener: Listener, reasons: Sequence[Reason], ticket: TicketKind | None) -> Reason | None:
    """The first of an event's reasons that the channel wants; None when it is not to hear of it.

    `ticket` is None for what is about the org: no filter lets it pass.
    """
    if listener.has_filter and (ticket is None or not _passes(listener, ticket)):
        return None
    return next((reason for reason in reasons if reason in listener.reasons), None)


def _passes(listener: Listener, ticket: TicketKind) -> bool:
    pairs = ((listener.priorities, ticket.priority), (listener.categories, ticket.category))
    return all(not wanted or value is None or value in wanted for wanted, value in pairs)


def is_given_up(failures: int, failing_since: datetime, now: datetime) -> bool:
    """After so many failures in a row that began so long ago."""
    return failures >= MOST_FAILURES and now - failing_since >= LONGEST_FAILING
