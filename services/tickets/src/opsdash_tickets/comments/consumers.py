"""Handlers of the events of comments."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import BatchHandler
from opsdash_contracts.comments import CommentEvent

from opsdash_tickets.comments.service import apply_comments

COMMENT_HANDLERS: dict[str, BatchHandler] = dict.fromkeys(CommentEvent.event_types, BatchHandler(apply_comments))
