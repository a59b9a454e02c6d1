"""Who is told of a ticket, and who was: read of the notifications service, which a page never waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Person
from opsdash_gateway.sla.schemas import SlaDelivery, SlaLedger

WATCH_SECONDS: Final = 0.5
NOTICES_SECONDS: Final = 1.0
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 5
SENT: Final = "sent"


class OwnWatch(msgspec.Struct):
    """`watching`, `muted`, or neither."""

    state: str | None


class Watcher(msgspec.Struct):
    person: Person


class Watchers(msgspec.Struct):
    items: list[Watcher]


class Notice(msgspec.Struct):
    """One attempt to tell one person, or a team channel."""

    reason: str
    channel: str
    recipient: Person | None
    state: str
    why: str | None
    at: datetime
    source_event_id: UUID


class NoticePage(msgspec.Struct):
    items: list[Notice]
    next_cursor: str | None


@dataclass(frozen=True)
class Watch:
    """What this person has chosen, and everybody who watches."""

    state: str | None
    people: list[Person]


@dataclass
class Recipient:
    """A person, or None for a team channel, and what was tried to tell them of one event."""

    person: Person | None
    sent: list[Notice] = field(default_factory=list)
    unsent: list[Notice] = field(default_factory=list)


@dataclass
class Outcome:
    """What became of one event."""

    reason: str
    at: datetime
    recipients: dict[UUID | None, Recipient] = field(default_factory=dict)

    @property
    def notified(self) -> list[Recipient]:
        return [recipient for recipient in self.recipients.values() if recipient.sent]

    @property
    def not_notified(self) -> list[tuple[Recipient, Notice]]:
        return [(recipient, notice) for recipient in self.recipients.values() for notice in recipient.unsent]


@dataclass(frozen=True)
class Notices:
    """By the event that was told, newest first."""

    by_event: dict[UUID, Outcome]


def grouped(notices: Iterable[Notice]) -> dict[UUID, Outcome]:
    """`notices` newest first, and so are the events; within one, what was done first comes first."""
    events: dict[UUID, list[Notice]] = {}
    for notice in notices:
        events.setdefault(notice.source_event_id, []).append(notice)
    return {event_id: _outcome(list(reversed(of_one))) for event_id, of_one in events.items()}


def told_by_entry(ledger: SlaLedger) -> dict[UUID, Outcome]:
    """By the event that an entry of the ledger published; without a delivery there is none."""
    published = [(entry.event_id, entry.deliveries) for entry in ledger.entries if entry.event_id is not None]
    return {
        event_id: _outcome([_notice(event_id, each) for each in sorted(deliveries, key=lambda one: one.at)])
        for event_id, deliveries in published
        if deliveries
    }


def _notice(event_id: UUID, report: SlaDelivery) -> Notice:
    known = report.recipient
    return Notice(
        reason=report.reason,
        channel=report.channel,
        recipient=None if known is None else Person(id=known.id, name=known.name, active=known.active),
        state=report.state,
        why=report.why,
        at=report.at,
        source_event_id=event_id,
    )


def _outcome(notices: list[Notice]) -> Outcome:
    outcome = Outcome(notices[0].reason, notices[0].at)
    for notice in notices:
        key = notice.recipient.id if notice.recipient else None
        recipient = outcome.recipients.setdefault(key, Recipient(notice.recipient))
        (recipient.sent if notice.state == SENT else recipient.unsent).append(notice)
    return outcome


async def read_watch(page: Page, number: int) -> Watch | None:
    """None when the service does not answer in time."""
    path = f"/tickets/{number}"
    try:
        own, everybody = await asyncio.gather(
            page.read(f"{path}/watch", OwnWatch, service="notifications", seconds=WATCH_SECONDS),
            page.read(f"{path}/watchers", Watchers, service="notifications", seconds=WATCH_SECONDS),
        )
    except (Problem, msgspec.DecodeError):
        return None
    return Watch(own.state, [watcher.person for watcher in everybody.items])


async def read_notices(page: Page, number: int) -> Notices | None:
    """Of the ticket; None when the service does not answer in time."""
    found: list[Notice] = []
    cursor: str | None = None
    try:
        for _ in range(MOST_PAGES):
            query = urlencode({"limit": PAGE_SIZE} | ({"cursor": cursor} if cursor else {})).encode()
            part = await page.read(
                f"/tickets/{number}/notices", NoticePage, query=query, service="notifications", seconds=NOTICES_SECONDS
            )
            found += part.items
            cursor = part.next_cursor
            if cursor is None:
                break
    except (Problem, msgspec.DecodeError):
        return None
    return Notices(grouped(found))
