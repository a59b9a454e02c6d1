"""Opaque list cursors: a position bound to its tenant and query, signed so that nobody can make one up."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from hashlib import sha256

import msgspec

MAXIMUM_LENGTH = 1024
_TAG_BYTES = 16


class InvalidCursor(Exception):
    """Not a cursor of ours, or one of another tenant, filter or sort."""


class Cursors:
    """Makes and reads cursors. `scope` is everything a cursor must not be carried across: tenant, filters, sort."""

    def __init__(self, secret: str) -> None:
        self._key = sha256(b"opsdash cursors" + secret.encode()).digest()

    def encode(self, position: Sequence[str | int], *, scope: str) -> str:
        payload = msgspec.json.encode(position)
        return base64.urlsafe_b64encode(self._tag(payload, scope) + payload).decode().rstrip("=")

    def decode(self, text: str, *, scope: str) -> list[str | int]:
        """Raises InvalidCursor."""
        if len(text) > MAXIMUM_LENGTH or not text.isascii():
            raise InvalidCursor
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursor from None
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(payload, scope)):
            raise InvalidCursor
        return msgspec.json.decode(payload, type=list[str | int])

    def _tag(self, payload: bytes, scope: str) -> bytes:
        return hmac.digest(self._key, scope.encode() + b"\0" + payload, "sha256")[:_TAG_BYTES]
