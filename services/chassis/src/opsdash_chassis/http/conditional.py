"""The headers of a write: the version it expects (If-Match) and the key that makes it happen once."""

from __future__ import annotations

from typing import Annotated

from litestar.params import HeaderParameter

_DIGITS_OF_A_VERSION = 18

IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description="Refuse if the version is another one")]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="A repeat within 24 h gets the first answer again"),
]


def expected_version(if_match: str | None) -> int | None:
    """The version of an If-Match header; None when absent or `*`. What is no version of ours matches none."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_A_VERSION else -1
