"""Settings of the notifications service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Final

from opsdash_chassis.setting_types import RotatingSecret
from opsdash_chassis.settings import DatabaseSettings

SERVICE: Final = "notifications"
#: The schema revision this version of the service needs.
REVISION: Final = "0001"


class NotificationsSettings(DatabaseSettings):
    """What a caller of the internal routes shows."""

    token_from_gateway: RotatingSecret
