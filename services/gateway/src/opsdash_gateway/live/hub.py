"""All open streams of this process: who reads what, what reaches them, and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Org, Plate, Removed
from opsdash_http.errors.problems import unavailable
from opsdash_http.limits.seats import Seats

from opsdash_gateway.live import metrics
from opsdash_gateway.live.feed import Feed
from opsdash_gateway.live.signals import COUNTS, Signal, signals_of, told_in_inbox
from opsdash_gateway.live.stream import Stream

#: One notice that numbers changed is enough for a burst of changes, and one look at an inbox for a burst of notices.
COUNTS_SECONDS = 0.5
LOOK_SECONDS = 0.05
RETRY_AFTER_SECONDS = 5


class Hub:
    """Gives events to the streams of their org, and to nobody else."""

    def __init__(self, *, streams: int, streams_per_user: int) -> None:
        self._feeds: dict[UUID, Feed[Stream]] = {}
        self._seats = Seats(streams_per_user, retry_after_seconds=RETRY_AFTER_SECONDS)
        self._counts_due: set[UUID] = set()
        self._inboxes_due: set[tuple[UUID, UUID]] = set()
        self._streams = streams
        self._closed = False
        self._look_due = False

    @contextmanager
    def seat(self, user_id: UUID) -> Iterator[None]:
        """Around one stream, from before its upstream is asked. Raises 429 or 503 problems."""
        if self._closed or self._seats.total >= self._streams:
            raise unavailable("This server can take no more live streams now.", RETRY_AFTER_SECONDS)
        with self._seats.taken(user_id):
            yield

    def feed(self, org_id: UUID) -> Feed[Stream]:
        """The org's feed. Those that nobody will come back for go first, so they cannot pile up."""
        for forgotten in [known for known, feed in self._feeds.items() if feed.is_forgotten]:
            del self._feeds[forgotten]
        return self._feeds.setdefault(org_id, Feed())

    @contextmanager
    def joined(self, feed: Feed[Stream], stream: Stream) -> Iterator[None]:
        """While the stream is open."""
        feed.streams.add(stream)
        metrics.STREAMS.inc()
        try:
            if self._closed:
                stream.end("stopping")
            if stream.reader.is_over():
                stream.end("signed-out")
            yield
        finally:
            feed.leave(stream)
            metrics.STREAMS.dec()

    def wants(self, headers: Mapping[str, bytes]) -> bool:
        """Whether an event's org has readers here; a broken org id is for the decoder to judge."""
        try:
            return UUID(headers["ce_orgid"].decode()) in self._feeds
        except (KeyError, ValueError, AttributeError):
            return True

    def deliver(self, event: Event[Any]) -> None:
        org_id = event.envelope.org_id
        feed = self._feeds.get(org_id) if org_id else None
        if org_id is None or feed is None:
            return
        for signal in signals_of(event):
            if signal is COUNTS:
                self._count_soon(org_id)
            else:
                self._append(feed, signal)
        if (user_id := told_in_inbox(event)) is not None:
            self.inbox_changed(org_id, user_id)
        for stream in _losing_access(feed, event.data):
            stream.end("not-allowed")

    def inbox_changed(self, org_id: UUID, user_id: UUID) -> None:
        """This person was told something there, or has read it: their streams say how much is unread."""
        due = (org_id, user_id)
        if org_id in self._feeds and due not in self._inboxes_due:
            self._inboxes_due.add(due)
            asyncio.get_running_loop().call_later(COUNTS_SECONDS, self._look_at_inbox, due)

    def sessions_ended(self) -> None:
        """Their streams end too; one look at all streams is enough for a thousand that end together."""
        if not self._look_due:
            self._look_due = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._end_those_over)

    def _end_those_over(self) -> None:
        self._look_due = False
        for feed in self._feeds.values():
            for stream in feed.streams:
                if stream.reader.is_over():
                    stream.end("signed-out")

    def restart(self) -> None:
        """Events may have been missed: every reader loads everything again."""
        for feed in self._feeds.values():
            feed.restart()

    def close(self) -> None:
        """End every stream: the process is stopping, and another replica will have them."""
        self._closed = True
        for feed in self._feeds.values():
            for stream in feed.streams:
                stream.end("stopping")

    def _append(self, feed: Feed[Stream], signal: Signal) -> None:
        metrics.SIGNALS.labels(signal.event).inc()
        feed.append(signal)

    def _look_at_inbox(self, due: tuple[UUID, UUID]) -> None:
        self._inboxes_due.discard(due)
        org_id, user_id = due
        feed = self._feeds.get(org_id)
        for stream in feed.streams if feed else ():
            if stream.reader.user_id == user_id:
                metrics.SIGNALS.labels("inbox").inc()
                stream.inbox_changed()

    def _count_soon(self, org_id: UUID) -> None:
        if org_id not in self._counts_due:
            self._counts_due.add(org_id)
            asyncio.get_running_loop().call_later(COUNTS_SECONDS, self._count, org_id)

    def _count(self, org_id: UUID) -> None:
        self._counts_due.discard(org_id)
        if feed := self._feeds.get(org_id):
            self._append(feed, COUNTS)


def _losing_access(feed: Feed[Stream], data: Any) -> list[Stream]:
    """Streams whose reader has just lost the org; one that still has it elsewhere simply opens another stream."""
    match data:
        case Org(plate=Plate.FREE) | Removed(kind=Kind.ORG):
            return list(feed.streams)
        case Removed(kind=Kind.MEMBER, id=member_id):
            return [stream for stream in feed.streams if stream.reader.member_id == member_id]
        case Member(member_id=member_id, user_id=user_id):
            of_member = [stream for stream in feed.streams if stream.reader.member_id == member_id]
            return [stream for stream in of_member if stream.reader.user_id != user_id]
    return []
