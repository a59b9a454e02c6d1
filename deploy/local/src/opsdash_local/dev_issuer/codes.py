"""Authorization codes: each for one person and one client, good once, for a minute, with the right verifier."""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

SECONDS = 60.0
MAXIMUM_OPEN = 1000


@dataclass(frozen=True)
class Grant:
    """What a code stands for."""

    user_id: UUID
    redirect_uri: str
    nonce: str
    challenge: str
    expires_at: float


class Codes:
    """Kept in memory: the local stack has one gateway."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def issue(self, user_id: UUID, *, redirect_uri: str, nonce: str, challenge: str) -> str:
        if len(self._grants) >= MAXIMUM_OPEN:
            self._grants.pop(next(iter(self._grants)))
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(user_id, redirect_uri, nonce, challenge, time.monotonic() + SECONDS)
        return code

    def redeem(self, code: str, *, redirect_uri: str, verifier: str) -> Grant | None:
        """A code is spent by the first try, right or wrong."""
        grant = self._grants.pop(code, None)
        if grant is None or time.monotonic() > grant.expires_at or redirect_uri != grant.redirect_uri:
            return None
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode("ascii")
        return grant if hmac.compare_digest(challenge, grant.challenge) else None
