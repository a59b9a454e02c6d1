"""What this product needs of aiohttp beyond its public interface; seen with 3.14.

Its session repeats an idempotent request by itself when a kept connection turns out to be closed: at once, and beyond
the one retry with a pause that a caller here may make. A test fails when it does not.
"""

from __future__ import annotations

import aiohttp


def never_repeat(session: aiohttp.ClientSession) -> None:
    """Leave every repetition to the caller."""
    session._retry_connection = False  # noqa: SLF001 - see the module
