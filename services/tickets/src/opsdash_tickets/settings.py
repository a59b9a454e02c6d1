"""Settings of the tickets service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Annotated, Final

from opsdash_chassis.setting_types import Count, PerSecond, RotatingSecret, Secret
from opsdash_chassis.settings import DatabaseSettings
from pydantic import Field

SERVICE: Final = "tickets"
#: The schema revision this version of the service needs. Not kept beside the tables: a running service does without
#: the library that describes them.
REVISION: Final = "0020"


class TicketsSettings(DatabaseSettings):
    """How much one org may ask for, whoever asks: members only are counted, so strangers cannot use it up."""

    token_from_gateway: RotatingSecret
    token_from_comments: RotatingSecret
    token_from_sla_monitor: RotatingSecret
    token_from_notifications: RotatingSecret
    cursor_secret: Secret
    org_requests_per_second: PerSecond = 200
    org_request_burst: Count = 1000
    exports_per_person: Annotated[int, Field(ge=1, le=100)] = 2
    exports_per_org: Annotated[int, Field(ge=1, le=100)] = 4
    database_export_pool_size: Annotated[int, Field(ge=1, le=50)] = 2

    @property
    def database_connections(self) -> int:
        return super().database_connections + self.database_export_pool_size
