"""What the notifications service refuses; the application turns these into problems."""

from __future__ import annotations

from opsdash_tenancy.errors import NotFound


class ActivityUnknown(NotFound):
    """Nothing was counted of such a ticket in this org."""
