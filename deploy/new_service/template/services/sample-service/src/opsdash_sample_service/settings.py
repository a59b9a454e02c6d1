"""Settings of the sample-service service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Final

from opsdash_chassis.setting_types import RotatingSecret
from opsdash_chassis.settings import DatabaseSettings

SERVICE: Final = "sample-service"
#: The schema revision this version of the service needs.
REVISION: Final = "0001"


class SampleServiceSettings(DatabaseSettings):
    """What a caller of the internal routes shows."""

    token_from_gateway: RotatingSecret
