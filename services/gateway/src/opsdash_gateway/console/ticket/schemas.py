"""What the pages of one ticket read of the upstreams' answers; members they do not show are ignored."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from markupsafe import Markup, escape
from msgspec import UNSET, UnsetType
from opsdash_contracts.ticket_rules import FINISHED

from opsdash_gateway.console.shell.upstream_schemas import Person, TicketRow

#: What an upstream did not render stands in a `pre` without the `code` of rendered ones:
#: see `body_html` in docs/reference/rest.md.
_AS_TYPED: Final = re.compile("<pre>(?!<code)")


class Prose(Markup):
    """A text as its upstream has rendered and sanitised it: safe to put into a page."""

    @property
    def partly_as_typed(self) -> bool:
        """Whether some of it could not be rendered."""
        return bool(_AS_TYPED.search(self))


class Ticket(TicketRow, kw_only=True):
    """A ticket with its text, and what the reader may do with it."""

    description: str
    description_html: str | None = None
    created_by: Person
    updated_by: Person | None
    updated_at: datetime
    sla_source: str | None
    allowed_statuses: list[str]
    permissions: list[str]

    def may(self, action: str) -> bool:
        return action in self.permissions

    @property
    def typed(self) -> dict[str, str]:
        """As the form for its texts has them."""
        return {"title": self.title, "description": self.description}

    @property
    def is_finished(self) -> bool:
        """Resolved or closed: its due time stays as it is."""
        return self.status in FINISHED

    @property
    def html(self) -> Prose:
        """As typed when the upstream is of the release before, which renders nothing."""
        if self.description_html is None:
            return Prose(f"<pre>{escape(self.description)}</pre>")
        return Prose(self.description_html)


class Author(Person):
    role: str | None = None


class Comment(msgspec.Struct, kw_only=True):
    """A comment or reply; `body` is None in a deleted one."""

    id: UUID
    parent_id: UUID | None
    author: Author
    body: str | None
    body_html: str | None
    mentions: list[Person]
    created_at: datetime
    edited_at: datetime | None
    edited_by: Person | None
    version: int
    may_change: bool

    @property
    def html(self) -> Prose:
        return Prose(self.body_html or "")


class Tombstone(msgspec.Struct, kw_only=True):
    """What is left of a comment that was deleted."""

    id: UUID
    version: int

    @property
    def created_at(self) -> datetime:
        """To the second: an id begins with the time (RFC 9562, section 5.7)."""
        return datetime.fromtimestamp(min(self.id.int >> 80, time.time() * 1000) // 1000, UTC)


class CommentPage(msgspec.Struct):
    items: list[Comment]
    next_cursor: str | None
    permissions: list[str]

    def may(self, action: str) -> bool:
        return action in self.permissions

    @property
    def top_level(self) -> list[Comment]:
        return [comment for comment in self.items if comment.parent_id is None]

    def replies(self, top_id: UUID) -> list[Comment]:
        return [comment for comment in self.items if comment.parent_id == top_id]

    @property
    def orphan_replies(self) -> Sequence[Comment]:
        """Replies to comments of an earlier page."""
        here = {comment.id for comment in self.top_level}
        return [comment for comment in self.items if comment.parent_id and comment.parent_id not in here]


class Revision(msgspec.Struct):
    """A text that was replaced later."""

    version: int
    body_html: str
    written_at: datetime
    written_by: Person

    @property
    def html(self) -> Prose:
        return Prose(self.body_html)


class RevisionPage(msgspec.Struct):
    items: list[Revision]
    next_cursor: str | None


class FieldChange(msgspec.Struct):
    """One field before and after; a long text tells only that it changed."""

    field: str
    from_: Any = msgspec.field(default=UNSET, name="from")
    to: Any = UNSET
    from_label: str | UnsetType | None = UNSET
    to_label: str | UnsetType | None = UNSET

    @property
    def told(self) -> bool:
        return self.to is not UNSET

    @property
    def before(self) -> Any:
        """A name where there is one, a moment where it is one."""
        return self._shown(self.from_, self.from_label)

    @property
    def after(self) -> Any:
        return self._shown(self.to, self.to_label)

    def _shown(self, value: Any, label: str | UnsetType | None) -> Any:
        if label is not UNSET:
            return label
        return datetime.fromisoformat(value) if value and self.field.endswith("_at") else value


class ActivityEntry(msgspec.Struct):
    """What happened, by whom (None: the system)."""

    type: str
    at: datetime
    actor: Person | None
    changes: list[FieldChange]
    bulk_id: UUID | None


class ActivityPage(msgspec.Struct):
    items: list[ActivityEntry]
    next_cursor: str | None


class SlaFields(msgspec.Struct):
    sla_due_at: datetime | None
    sla_state: str


class Recomputed(msgspec.Struct):
    """What a recompute does, or would do."""

    changed: bool
    before: SlaFields
    after: SlaFields


class Named(msgspec.Struct):
    """Somebody or something that can be linked."""

    id: UUID
    name: str
    email: str | None = None
    company: Person | None = None


class Choices(msgspec.Struct):
    items: list[Named]
