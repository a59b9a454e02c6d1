"""Settings of the comments service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Final

from opsdash_chassis.setting_types import Count, HttpUrl, PerSecond, RotatingSecret, Secret, ShownSecret
from opsdash_chassis.settings import DatabaseSettings

SERVICE: Final = "comments"
#: The schema revision this version of the service needs. Not kept beside the tables: a running service does without
#: the library that describes them.
REVISION: Final = "0011"


class CommentsSettings(DatabaseSettings):
    """How much one org may ask for, and where to ask about a ticket whose events have not arrived."""

    service_urls = ("tickets_url",)

    org_requests_per_second: PerSecond = 200
    org_request_burst: Count = 1000
    tickets_url: HttpUrl
    token_to_tickets: ShownSecret
    token_from_notifications: RotatingSecret
    cursor_secret: Secret
