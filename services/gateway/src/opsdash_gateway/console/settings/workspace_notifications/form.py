"""The form of a workspace's notices, and what was typed as the service's request body; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from opsdash_gateway.console.settings.workspace_notifications.schemas import NoticeSettings

DEFAULT_HOURS: Final = 24
MOST_HOURS: Final = 720


@dataclass(frozen=True)
class Form:
    """What the fields hold."""

    hours: str
    include_text: bool
    language: str
    version: int


def form_of(known: NoticeSettings) -> Form:
    return Form(str(known.escalate_after_hours), known.include_text, known.language, known.version)


def typed_form(stored: Form, sent: Mapping[str, str]) -> Form:
    """What was sent; escalation that is not ticked is 0 hours."""
    hours = sent.get("escalate_after_hours", "").strip() if "escalates" in sent else "0"
    return Form(hours, "include_text" in sent, sent.get("language", stored.language), stored.version)


def changes_of(stored: Form, typed: Form) -> dict[str, Any]:
    """The request's body: what differs; the hours are a number."""
    changes: dict[str, Any] = {}
    if typed.hours != stored.hours:
        changes["escalate_after_hours"] = int(typed.hours)
    for name in ("include_text", "language"):
        if getattr(typed, name) != getattr(stored, name):
            changes[name] = getattr(typed, name)
    return changes
