"""REST bodies of a ticket's activity."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from opsdash_tickets.common_schemas import Body
from opsdash_tickets.names.entities import Person


class FieldChange(Body):
    """One field `from` and `to`; references have labels. Of long text only the name of the field is told."""

    field: str
    from_: Any = msgspec.field(default=UNSET, name="from")
    to: Any = UNSET
    from_label: str | UnsetType | None = UNSET
    to_label: str | UnsetType | None = UNSET


class ActivityEntry(Body):
    """What happened, by whom (null: the system), and what changed.

    `version` is the ticket's, or the comment's where `comment_id` names one.
    """

    id: UUID
    type: str
    version: int
    at: datetime
    actor: Person | None
    changes: list[FieldChange]
    bulk_id: UUID | None
    comment_id: UUID | None


class ActivityPage(Body):
    """Oldest first; `next_cursor` null means the end."""

    items: list[ActivityEntry]
    next_cursor: str | None
