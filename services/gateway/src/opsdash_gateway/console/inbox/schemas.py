"""What the inbox reads of the notifications service's answers; members it does not show are ignored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from opsdash_gateway.console.shell.upstream_schemas import Person


class InboxTicket(msgspec.Struct):
    id: UUID
    number: int


class InboxRow(msgspec.Struct, kw_only=True):
    """What was told of one ticket since it was read; without a ticket it is about the workspace.

    `note` is what this person wrote into a reminder.
    """

    id: UUID
    ticket: InboxTicket | None
    reason: str
    reasons: dict[str, int]
    count: int
    actor: Person | None
    state: str
    updated_at: datetime
    note: str | None = None


class InboxPage(msgspec.Struct):
    """Newest first."""

    items: list[InboxRow]
    next_cursor: str | None
    unread: int


class ReadRows(msgspec.Struct):
    """What marking all as read did."""

    marked: int
    unread: int
