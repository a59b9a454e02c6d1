"""Makes a session out of what the identity provider gives, and a newer one when its access token has run out."""

from __future__ import annotations

import asyncio
import time

import msgspec
import structlog
from opsdash_chassis.errors import Unavailable
from opsdash_http.security.tokens import InvalidToken, TokenVerifier, UnknownKey

from opsdash_gateway.console.auth.id_tokens import IdTokenVerifier
from opsdash_gateway.console.auth.identity_provider import (
    Attempt,
    IdentityProvider,
    SignInRefused,
    Tokens,
    TokensRefused,
)
from opsdash_gateway.console.auth.session import WebSession, new_csrf_token

log = structlog.get_logger(__name__)

KEPT_SECONDS = 30.0


class Sessions:
    """Begins and renews sessions."""

    def __init__(self, provider: IdentityProvider, ids: IdTokenVerifier, access: TokenVerifier) -> None:
        self._provider = provider
        self._ids = ids
        self._access = access
        self._renewals: dict[str, asyncio.Task[Tokens]] = {}

    async def begin(self, attempt: Attempt, code: str) -> WebSession:
        """Raises SignInRefused, or Unavailable while the provider is away."""
        started_at = time.time()  # whatever ends their sessions from here on ends this one
        tokens = await self._provider.exchange(code, attempt.verifier)
        kind = "ID token"
        try:
            identity = await self._ids.verify(tokens.id_token or "", nonce=attempt.nonce)
            kind = "access token"
            caller = await self._access.verify(tokens.access_token)
        except UnknownKey as error:
            raise SignInRefused(f"the {kind} is refused: {error}") from error
        except InvalidToken as error:
            raise TokensRefused(f"the {kind} is refused: {error}") from error
        if caller.user_id != identity.user_id:
            raise TokensRefused("ID token and access token are of two people")
        return WebSession(
            user_id=identity.user_id,
            name=identity.name,
            access_token=tokens.access_token,
            csrf_token=new_csrf_token(),
            marks=identity.marks,
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
            started_at=started_at,
        )

    async def renew(self, old: WebSession) -> WebSession | None:
        """None when the provider does not want to; raises Unavailable while it is away.

        A provider may take a refresh token once only, and a page sends several requests at once: they share a renewal.
        """
        if old.refresh_token is None:
            return None
        try:
            tokens = await self._renewal(old.refresh_token)
        except SignInRefused as error:
            log.info("session_not_renewed", reason=str(error))
            return None
        return msgspec.structs.replace(
            old,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or old.refresh_token,
            id_token=tokens.id_token or old.id_token,
        )

    async def _renewal(self, refresh_token: str) -> Tokens:
        task = self._renewals.get(refresh_token)
        if task is None:
            task = asyncio.create_task(self._provider.refresh(refresh_token))
            self._renewals[refresh_token] = task
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._renewals.pop, refresh_token, None)
        try:
            return await asyncio.shield(task)
        except Unavailable:
            self._renewals.pop(refresh_token, None)  # the next request may find the provider back
            raise
