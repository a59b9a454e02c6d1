"""From a change of a comment to the event that is published: the one mapping between the two."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.observability.tracing import current_traceparent
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import FieldChange, TextChanged

from opsdash_comments.comments import model
from opsdash_comments.comments.model import Comment


def comment_event(
    event_type: str,
    before: Comment | None,
    after: Comment,
    *,
    ticket_sequence: int,
    actor_id: UUID,
    now: datetime,
) -> Event[CommentEvent]:
    """The event of one version of a comment; `before` None is its first."""
    return Event.of(
        _data(before, after, ticket_sequence),
        type=event_type,
        id=uuid_utils.uuid7(),
        time=now,
        actor_id=actor_id,
        traceparent=current_traceparent(),
    )


def _data(before: Comment | None, after: Comment, ticket_sequence: int) -> CommentEvent:
    """What it said never travels."""
    return CommentEvent(
        comment_id=after.id,
        org_id=after.org_id,
        version=after.version,
        ticket_id=after.ticket_id,
        ticket_sequence=ticket_sequence,
        parent_id=after.parent_id,
        author_id=after.author_id,
        mentions=list(after.mentions),
        new_mentions=list(model.added(before.mentions if before else (), after.mentions)),
        created_at=after.created_at,
        edited_at=after.edited_at,
        edited_by=after.edited_by,
        deleted_at=after.deleted_at,
        changes={} if before is None else _changes(before, after),
    )


def _changes(before: Comment, after: Comment) -> dict[str, FieldChange | TextChanged]:
    changes: dict[str, FieldChange | TextChanged] = {}
    if before.deleted_at != after.deleted_at:
        return {"deleted_at": FieldChange.of(before.deleted_at, after.deleted_at)}
    if before.body != after.body:
        changes["body"] = TextChanged(changed=True)
    if before.mentions != after.mentions:
        changes["mentions"] = TextChanged(changed=True)
    return changes
