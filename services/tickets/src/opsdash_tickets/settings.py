"""Settings of the tickets service."""

from opsdash_chassis.settings import DatabaseSettings


class TicketsSettings(DatabaseSettings):
    """Nothing beyond what every service with a database needs."""
