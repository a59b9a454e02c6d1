"""What the notifications service says of the settings of a workspace's notices."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class NoticeSettings(msgspec.Struct):
    """Unset are those that the service does not have."""

    escalate_after_hours: int
    version: int
    include_text: bool | UnsetType = UNSET
    language: str | UnsetType = UNSET
