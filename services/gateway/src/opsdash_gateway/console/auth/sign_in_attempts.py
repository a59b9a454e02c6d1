"""Sign-ins under way, each in a cookie of its own, so that two tabs can sign in at the same time."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from litestar.datastructures import Cookie
from opsdash_http.security.encryption import Encrypter

from opsdash_gateway.console.auth.cookies import cookie
from opsdash_gateway.console.auth.identity_provider import Attempt, new_verifier

PREFIX = "__Host-opsdash-signin-"
SECONDS = 600
MAXIMUM_OPEN = 4  # a browser sends them all with every request, and may send 16 KiB of headers


class Attempts:
    """Begins an attempt and finds it again when the provider sends the person back."""

    def __init__(self, secret: str) -> None:
        self._encrypter = Encrypter(secret, purpose="opsdash sign-in", kind=Attempt, seconds=SECONDS)

    def begin(self, locale: str, back_to: str | None, sent: Mapping[str, str]) -> tuple[Attempt, list[Cookie]]:
        """The attempt, and the cookies that keep it; many abandoned ones are forgotten together."""
        attempt = Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), new_verifier(), locale, back_to)
        written = [cookie(_name(attempt.state), self._encrypter.encrypt(attempt), SECONDS)]
        abandoned = [name for name in sent if name.startswith(PREFIX)]
        if len(abandoned) >= MAXIMUM_OPEN:
            written += [cookie(name, "", 0) for name in abandoned]
        return attempt, written

    def find(self, state: str, sent: Mapping[str, str]) -> Attempt | None:
        """The attempt that this browser began with that state."""
        attempt = self._encrypter.decrypt(sent.get(_name(state), ""))
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            return None
        return attempt

    def end(self, attempt: Attempt) -> Cookie:
        return cookie(_name(attempt.state), "", 0)


def _name(state: str) -> str:
    return PREFIX + "".join(character for character in state[:8] if character.isalnum() or character in "-_")
