"""The body of a test's answer."""

from __future__ import annotations

from datetime import datetime

from opsdash_notifications.common_schemas import Body


class SentTest(Body):
    """The chat has taken the message."""

    sent: bool
    at: datetime
