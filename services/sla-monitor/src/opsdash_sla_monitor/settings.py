"""Settings of the SLA monitor, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Annotated, Final

from opsdash_chassis.setting_types import HttpUrl, RotatingSecret, ShownSecret
from opsdash_chassis.settings import DatabaseSettings
from pydantic import Field

SERVICE: Final = "sla-monitor"
#: The schema revision this version of the service needs.
REVISION: Final = "0003"


class SlaMonitorSettings(DatabaseSettings):
    """Where the tickets service is, and how the monitor looks for what is due.

    With the timer off only sweeps that are asked for (by cron) find anything.
    """

    service_urls = ("tickets_url",)

    tickets_url: HttpUrl
    token_to_tickets: ShownSecret
    token_from_gateway: RotatingSecret
    timer_enabled: bool = True
    sweep_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    owner_patience_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    batch_size: Annotated[int, Field(ge=1, le=2000)] = 500
