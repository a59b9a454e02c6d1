"""The bodies of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from opsdash_contracts import notices
from opsdash_contracts.notices import Channel, Reason, Why
from opsdash_tenancy.directory_repository import KnownPerson

from opsdash_notifications.common_schemas import UNKNOWN_NAME, Body, Person, person_of
from opsdash_notifications.ledger.repository import Recorded


class NoticeState(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


_STATES = {
    notices.SENT: NoticeState.SENT,
    notices.FAILED: NoticeState.FAILED,
    notices.SKIPPED: NoticeState.SKIPPED,
}


class Notice(Body):
    """Who was told: a person, or the team channel `channel_id` with its name; `why` says why not."""

    id: UUID
    reason: Reason
    channel: Channel
    recipient: Person | None
    channel_id: UUID | None
    channel_name: str | None
    state: NoticeState
    why: Why | None
    at: datetime
    lateness_ms: int | None
    source_event_id: UUID


class NoticePage(Body):
    """Newest first; `next_cursor` null means the end."""

    items: list[Notice]
    next_cursor: str | None


class Stored(msgspec.Struct):
    """What is read of a recorded event."""

    notice_id: UUID
    reason: Reason
    channel: Channel
    recipient_id: UUID | None
    channel_id: UUID | None
    at: datetime
    lateness_ms: int | None
    why: Why | None
    source_event_id: UUID


def stored_of(rows: Iterable[Recorded]) -> list[tuple[Recorded, Stored]]:
    return [(row, msgspec.json.decode(row.data, type=Stored)) for row in rows]


def notice_of(
    row: Recorded, stored: Stored, people: Mapping[UUID, KnownPerson], channels: Mapping[UUID, str]
) -> Notice:
    return Notice(
        id=stored.notice_id,
        reason=stored.reason,
        channel=stored.channel,
        recipient=None if stored.recipient_id is None else person_of(stored.recipient_id, people),
        channel_id=stored.channel_id,
        channel_name=None if stored.channel_id is None else channels.get(stored.channel_id, UNKNOWN_NAME),
        state=_STATES[row.event_type],
        why=stored.why,
        at=stored.at,
        lateness_ms=stored.lateness_ms,
        source_event_id=stored.source_event_id,
    )
