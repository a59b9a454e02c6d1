"""The body of the answer to a sweep."""

from __future__ import annotations

import msgspec


class SweepResult(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Numbers only: what one sweep did."""

    checked: int
    breached: int
    notified: int
    already_notified: int
    lateness_ms_max: int
    took_ms: int
