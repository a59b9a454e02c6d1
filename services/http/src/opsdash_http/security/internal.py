"""Service-to-service bearer tokens, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac

from opsdash_http.asgi import ReadOnlyScope
from opsdash_http.errors.problems import Problem, unauthenticated

MINIMUM_BYTES = 32
SCHEME = "bearer"


class ServiceToken:
    """One shared secret, or two with a comma between them while it is being rotated: new,old."""

    def __init__(self, secrets: str) -> None:
        accepted = secrets.split(",")
        if any(len(secret.encode()) < MINIMUM_BYTES for secret in accepted):
            raise ValueError(f"a service token needs at least {MINIMUM_BYTES} bytes")
        self._digests = [_digest(secret.encode()) for secret in accepted]

    def accepts(self, presented: bytes) -> bool:
        """Compares all digests: neither length nor place of the first difference shows in time."""
        digest = _digest(presented)
        return sum(hmac.compare_digest(digest, known) for known in self._digests) > 0

    def refusal(self, scope: ReadOnlyScope) -> Problem:  # noqa: ARG002 - for those who count refusals per source
        """The answer to a credential that is not accepted."""
        return unauthenticated()


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def bearer_token(scope: ReadOnlyScope) -> bytes | None:
    """The bearer credential; None when there is none, another scheme, or more than one header."""
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) != 1:
        return None
    scheme, _, credential = values[0].partition(b" ")
    if scheme.lower() != SCHEME.encode() or not credential or credential != credential.strip():
        return None
    return bytes(credential)
