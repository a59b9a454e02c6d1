"""What the notifications service says of a person's mails."""

from __future__ import annotations

from datetime import datetime

import msgspec


class QuietHours(msgspec.Struct):
    """As the clock shows them in the zone."""

    from_: str = msgspec.field(name="from")
    to: str
    zone: str


class NotificationPreferences(msgspec.Struct):
    """Which reasons bring a mail, and when; `language` is theirs only where `language_chosen`."""

    mail: dict[str, bool]
    mail_delay_seconds: int
    quiet_hours: QuietHours | None
    urgent_through: bool
    muted_until: datetime | None
    language: str
    language_chosen: bool
    digest_hour: int | None
    digest_zone: str | None
    version: int
