"""What the notifications service says of the settings of a workspace's notices."""

from __future__ import annotations

import msgspec


class NoticeSettings(msgspec.Struct):
    """`include_text`: mails have the text of what they are about; `language` is for who has chosen none."""

    escalate_after_hours: int
    include_text: bool
    language: str
    version: int
