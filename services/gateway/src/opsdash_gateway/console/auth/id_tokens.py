"""Verifies the ID token of a sign-in: for this console, and for this very attempt (OpenID Connect Core, 3.1.3.7)."""

from __future__ import annotations

import hmac
from typing import Any
from uuid import UUID

import msgspec
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import InvalidToken, SignedTokens, UserIds

from opsdash_gateway.console.auth.ended_sessions.marks import SessionMarks, marks_of

MAXIMUM_NAME_CHARACTERS = 200
_NAMES = ("name", "preferred_username", "email")


class Identity(msgspec.Struct, frozen=True):
    """Who has signed in, and what ends that."""

    user_id: UUID
    name: str
    marks: SessionMarks


class IdTokenVerifier:
    """Checks ID tokens of one issuer for one client."""

    def __init__(
        self, keys: KeySet, *, issuer: str, client_id: str, algorithms: tuple[str, ...], user_ids: UserIds | None = None
    ) -> None:
        self._client_id = client_id
        self._tokens = SignedTokens(keys, issuer=issuer, audience=client_id, algorithms=algorithms, user_ids=user_ids)

    async def verify(self, token: str, *, nonce: str) -> Identity:
        """Raises InvalidToken, or Unavailable while no key of the issuer is known."""
        claims = await self._tokens.claims(token)
        presented = claims.get("nonce")
        if not isinstance(presented, str) or not hmac.compare_digest(presented.encode(), nonce.encode()):
            raise InvalidToken("its nonce is not that of this sign-in")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise InvalidToken("it was issued to another client")
        if claims.get("token_use", "id") != "id":
            raise InvalidToken("it is an access token, not an ID token")
        return Identity(self._tokens.user_id(claims), _name(claims), marks_of(claims))


def _name(claims: dict[str, Any]) -> str:
    """What to call the person; an issuer need not tell."""
    texts = (claims.get(key) for key in _NAMES)
    found = next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")
    return found[:MAXIMUM_NAME_CHARACTERS]
