"""The bodies of watching."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta
from opsdash_tenancy.directory_repository import KnownPerson

from opsdash_notifications.common_schemas import Body, Person, person_of
from opsdash_notifications.watching.model import WatchState
from opsdash_notifications.watching.repository import Watch as WatchRow


class PutWatch(Body):
    """`muted` is told nothing of the ticket, whatever happens to it."""

    state: WatchState = WatchState.WATCHING


class Watch(Body):
    """The caller's own; `state` is null when they neither watch nor muted the ticket."""

    state: WatchState | None


class Watcher(Body):
    """A member who watches the ticket, and since when."""

    person: Person
    since: datetime


class Watchers(Body):
    """Those who watch, longest first; who muted the ticket is not shown to others."""

    items: Annotated[list[Watcher], Meta(max_length=200)]


def watchers_of(rows: list[WatchRow], people: dict[UUID, KnownPerson]) -> Watchers:
    """Of those who are members now."""
    return Watchers(
        items=[
            Watcher(person=person_of(row.user_id, people), since=row.changed_at)
            for row in rows
            if row.state == WatchState.WATCHING and row.user_id in people and people[row.user_id].active
        ]
    )
