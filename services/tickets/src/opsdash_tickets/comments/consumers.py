"""Handlers of the events of comments."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import Together
from opsdash_contracts.comments import CommentEvent

from opsdash_tickets.comments.service import apply_comments

COMMENT_HANDLERS: dict[str, Together] = dict.fromkeys(CommentEvent.event_types, Together(apply_comments))
