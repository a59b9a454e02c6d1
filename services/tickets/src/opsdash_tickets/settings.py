"""Settings of the tickets service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Annotated, Final

from opsdash_chassis.settings import DatabaseSettings
from pydantic import Field

SERVICE: Final = "tickets"
#: The schema revision this version of the service needs. Not kept beside the tables: a running service does without
#: the library that describes them.
REVISION: Final = "0009"


class TicketsSettings(DatabaseSettings):
    """How much one org may ask for, whoever asks: members only are counted, so strangers cannot use it up."""

    org_requests_per_second: Annotated[float, Field(gt=0)] = 200
    org_request_burst: Annotated[int, Field(ge=1)] = 1000
