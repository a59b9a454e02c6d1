"""Settings of the tickets service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Final

from opsdash_chassis.settings import DatabaseSettings

SERVICE: Final = "tickets"
#: The schema revision this version of the service needs. Not kept beside the tables: a running service does without
#: the library that describes them.
REVISION: Final = "0004"


class TicketsSettings(DatabaseSettings):
    """Nothing beyond what every service with a database needs."""
