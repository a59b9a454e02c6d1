"""The bodies of the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from opsdash_contracts.notices import Reason
from opsdash_tenancy.directory_repository import KnownPerson

from opsdash_notifications.common_schemas import Body, Person, person_of
from opsdash_notifications.inbox.model import RowState
from opsdash_notifications.inbox.repository import InboxRow as StoredRow


class InboxTicket(Body):
    """The ticket a row is about."""

    id: UUID
    number: int


class InboxRow(Body):
    """What the caller was told of one ticket since they read it; `ticket` is null where it is about the org.

    `id` is another one after each further notice; `reason` and `actor` are those of the newest. `note` is what the
    caller wrote into the newest reminder among them.
    """

    id: UUID
    ticket: InboxTicket | None
    reason: Reason
    reasons: Annotated[dict[str, int], Meta(description="How often each, since it was read")]
    count: int
    actor: Person | None
    state: RowState
    first_unread_at: datetime
    updated_at: datetime
    note: str | None
    version: int


class InboxPage(Body):
    """Newest first; `unread` counts the caller's unread rows in this org, whatever was asked for."""

    items: list[InboxRow]
    next_cursor: str | None
    unread: int


class PatchInboxRow(Body):
    """Another state."""

    state: RowState


class ReadAll(Body):
    """`up_to` is the newest id that was seen: what came after it stays unread."""

    up_to: UUID


class ReadRows(Body):
    """How many rows were marked, and how many are unread now."""

    marked: int
    unread: int


class OrgInbox(Body):
    """An org the caller belongs to, and how many rows of their inbox there are unread."""

    id: UUID
    slug: str
    unread: int


class MyInbox(Body):
    """The caller's inboxes in the orgs that have Support."""

    orgs: list[OrgInbox]


def inbox_row(row: StoredRow, people: Mapping[UUID, KnownPerson]) -> InboxRow:
    return InboxRow(
        id=row.id,
        ticket=None if row.number is None else InboxTicket(id=row.subject_id, number=row.number),
        reason=Reason(row.reason),
        reasons=msgspec.json.decode(row.reasons, type=dict[str, int]),
        count=row.count,
        actor=None if row.actor_id is None else person_of(row.actor_id, people),
        state=RowState(row.state),
        first_unread_at=row.first_unread_at,
        updated_at=row.updated_at,
        note=row.note,
        version=row.version,
    )
