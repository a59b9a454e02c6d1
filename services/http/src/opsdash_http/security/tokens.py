"""Verifies OIDC tokens: fixed algorithms, issuer, audience, times, and a key that fits the header.

Every failure is the same `InvalidToken`; what exactly was wrong is for the log only, in words an operator can act on.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
from opsdash_chassis.service.clock import LEEWAY_SECONDS

from opsdash_http.security.keys import KeySet

MAXIMUM_TOKEN_BYTES = 8 * 1024
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})
MAXIMUM_KEY_ID_LENGTH = 200
#: OpenID Connect Core allows a subject no more.
MAXIMUM_SUBJECT_CHARACTERS = 255
_LAST_EXPIRY = 253_402_300_799  # the year 9999: later is not a date
_ID_TOKEN_CLAIMS = ("nonce", "at_hash", "c_hash")
_KEY_TYPES = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}


class InvalidToken(Exception):
    """The token proves nothing. The message is for the log only."""


class UnknownKey(InvalidToken):
    """It may be a new key: the set is fetched again, but not for every token that names one."""


@dataclass(frozen=True, slots=True)
class UserIds:
    """How a token names a user of OpsDash: a claim that is the id, or with `derived` one that the id is made from.

    A derived id is the UUIDv5 of the issuer and the claim, so whoever feeds the workspace can make the same (RFC 9562).
    """

    claim: str = "sub"
    derived: bool = False

    def user_id(self, claims: Mapping[str, Any]) -> UUID:
        """Raises InvalidToken."""
        value = claims.get(self.claim)
        if not isinstance(value, str) or not 0 < len(value) <= MAXIMUM_SUBJECT_CHARACTERS:
            raise InvalidToken(f"its claim {self.claim!r} names nobody")
        if self.derived:
            return uuid5(NAMESPACE_URL, f"{claims['iss']}#{value}")
        try:
            return UUID(value)
        except ValueError as error:
            reason = f"its claim {self.claim!r} is no UUID; name another with OPSDASH_OIDC_USER_CLAIM"
            raise InvalidToken(f"{reason}, or set OPSDASH_OIDC_USER_IDS=derived") from error


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified person behind a request, and the token that travels on to the owner services."""

    user_id: UUID
    token: str
    expires_at: float


class SignedTokens:
    """Checks what every token of one issuer must be: signed by it, for one audience, in time."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA"),
        types: Collection[str] = ("jwt",),
        user_ids: UserIds | None = None,
    ) -> None:
        self._user_ids = user_ids or UserIds()
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._algorithms = algorithms
        self._types = types

    async def claims(self, token: str) -> dict[str, Any]:
        """Raises InvalidToken, or Unavailable while no key of the issuer is known."""
        header = self._header(token)
        key = await self._keys.get(header["kid"])
        if key is None:
            raise UnknownKey("its key is not in the key set of OPSDASH_OIDC_JWKS_URL")
        algorithm = header["alg"]
        if key.key_type != _KEY_TYPES[algorithm] or key.algorithm_name != algorithm:
            raise InvalidToken("the key is for another algorithm")
        claims = self._decoded(token, key, algorithm)
        if not isinstance(claims["iss"], str) or claims["iss"] != self._issuer:
            raise InvalidToken("its issuer is not OPSDASH_OIDC_ISSUER")
        if not isinstance(claims["exp"], int | float) or claims["exp"] > _LAST_EXPIRY:
            raise InvalidToken("expiry")
        return claims

    def user_id(self, claims: Mapping[str, Any]) -> UUID:
        """Whom it is about, as an id of OpsDash. Raises InvalidToken."""
        return self._user_ids.user_id(claims)

    def _header(self, token: str) -> Mapping[str, Any]:
        if len(token) > MAXIMUM_TOKEN_BYTES or not token.isascii():
            raise InvalidToken(f"it is longer than {MAXIMUM_TOKEN_BYTES} bytes, or not ASCII")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise InvalidToken("it is not a JWT") from error
        key_id = header.get("kid")
        if header.get("alg") not in self._algorithms or "crit" in header or "b64" in header:
            raise InvalidToken("its algorithm is not in OPSDASH_OIDC_ALGORITHMS, or it has a critical extension")
        if not isinstance(key_id, str) or not 0 < len(key_id) <= MAXIMUM_KEY_ID_LENGTH:
            raise InvalidToken("it names no key (kid)")
        if str(header.get("typ", "JWT")).lower() not in self._types:
            raise InvalidToken(f"its type is none of {', '.join(sorted(self._types))}")
        return header

    def _decoded(self, token: str, key: jwt.PyJWK, algorithm: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key=key,
                algorithms=[algorithm],
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"], "verify_iss": False, "verify_sub": False},
            )
        except jwt.InvalidAudienceError as error:
            raise InvalidToken(f"its audience is not {self._audience}") from error
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise InvalidToken("it is not valid at this time; compare the clocks") from error
        except jwt.MissingRequiredClaimError as error:
            raise InvalidToken(f"it has no claim {error.claim!r}") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidToken("its signature or its claims are wrong") from error


class TokenVerifier:
    """Checks access tokens of one issuer for one audience."""

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str,
        algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA"),
        user_ids: UserIds | None = None,
    ) -> None:
        self._tokens = SignedTokens(
            keys,
            issuer=issuer,
            audience=audience,
            algorithms=algorithms,
            types=ACCESS_TOKEN_TYPES,
            user_ids=user_ids,
        )

    async def verify(self, token: str) -> Caller:
        """Raises InvalidToken, or Unavailable while no key of the issuer is known."""
        claims = await self._tokens.claims(token)
        if claims.get("token_use", "access") != "access" or any(name in claims for name in _ID_TOKEN_CLAIMS):
            raise InvalidToken("it is an ID token, not an access token")
        return Caller(
            user_id=self._tokens.user_id(claims), token=token, expires_at=float(claims["exp"]) + LEEWAY_SECONDS
        )


class VerifiedTokens:
    """A small memory of verified tokens: a check costs 100 µs (RS256) to 170 µs (EdDSA) of CPU, a look-up 0.3 µs.

    Keeps a token for a minute at most, so that a key the issuer withdrew stops working soon.
    """

    def __init__(self, verifier: TokenVerifier, *, size: int = 2048, seconds: float = 60.0) -> None:
        self._verifier = verifier
        self._size = size
        self._seconds = seconds
        self._known: dict[str, tuple[Caller, float]] = {}

    async def verify(self, token: str) -> Caller:
        """Like TokenVerifier.verify."""
        now = time.time()
        found = self._known.get(token)
        if found and now < found[1]:
            return found[0]
        self._known.pop(token, None)
        caller = await self._verifier.verify(token)
        if len(self._known) >= self._size:
            self._known.pop(next(iter(self._known)))
        self._known[token] = (caller, min(now + self._seconds, caller.expires_at))
        return caller
