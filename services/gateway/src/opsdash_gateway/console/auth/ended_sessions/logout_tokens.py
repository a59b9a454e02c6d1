"""Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6): what the provider says has ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from opsdash_contracts.sessions import Ended, SessionEnded
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import MAXIMUM_SUBJECT_CHARACTERS, InvalidToken, SignedTokens

from opsdash_gateway.console.auth.ended_sessions.marks import person_id, provider_session_id

EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: The standard recommends a type of its own and allows the plain one.
TYPES = frozenset({"jwt", "logout+jwt", "application/logout+jwt"})


class LogoutTokenVerifier:
    """Checks logout tokens of one issuer for one client.

    A token that is sent again ends nothing new: a session ends once, and those of a person up to the token's own time.
    """

    def __init__(self, keys: KeySet, *, issuer: str, client_id: str, algorithms: tuple[str, ...]) -> None:
        self._issuer = issuer
        self._tokens = SignedTokens(keys, issuer=issuer, audience=client_id, algorithms=algorithms, types=TYPES)

    async def verify(self, token: str) -> SessionEnded:
        """Raises InvalidToken, or Unavailable while no key of the issuer is known."""
        claims = await self._tokens.claims(token)
        events = claims.get("events")
        if not isinstance(events, Mapping) or not isinstance(events.get(EVENT), Mapping):
            raise InvalidToken("it is no logout token: it has no such event")
        if "nonce" in claims:
            raise InvalidToken("it has a nonce, so it could be an ID token")
        _text(claims, "jti", required=True)
        session, subject = _text(claims, "sid"), _text(claims, "sub")
        if session:
            ended_id, what = provider_session_id(self._issuer, session), Ended.PROVIDER_SESSION
        elif subject:
            ended_id, what = person_id(self._issuer, subject), Ended.PERSON
        else:
            raise InvalidToken("it names neither a session (sid) nor a person (sub)")
        return _ended(ended_id, what, claims.get("iat"))


def _text(claims: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = claims.get(name, None if required else "")
    if not isinstance(value, str) or len(value) > MAXIMUM_SUBJECT_CHARACTERS or (required and not value):
        raise InvalidToken(f"its claim {name!r} is missing or no text of {MAXIMUM_SUBJECT_CHARACTERS} characters")
    return value


def _ended(ended_id: UUID, what: Ended, issued_at: Any) -> SessionEnded:
    """What begins in the same second counts as begun before: the claim has whole seconds."""
    try:
        return SessionEnded(ended_id=ended_id, what=what, ended_at=datetime.fromtimestamp(float(issued_at), UTC))
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidToken("its claim 'iat' is missing or no time of this century") from error
