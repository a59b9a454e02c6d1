"""Who is signed in: the rule for page routes, `opt=PAGE` or `opt=FORM`, and the dependency `session`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import Request
from litestar.datastructures import Cookie
from opsdash_http.errors.problems import Problem
from opsdash_http.requests.forms import FORM_BODY
from opsdash_http.requests.request_limits import ANSWER_HEADERS
from opsdash_http.security.authentication import Connection, Verify
from opsdash_http.security.encryption import Encrypter
from opsdash_http.security.tokens import Caller, InvalidToken
from opsdash_http.types import HttpRequest, RouteOptions

from opsdash_gateway.console.auth import cookies
from opsdash_gateway.console.auth.csrf import check_csrf, is_safe
from opsdash_gateway.console.auth.ended_sessions.marks import SESSION_SECONDS, SessionMarks

SIGNED_IN, SIGNING_OUT = "signed_in", "signing_out"
#: `opt` of a page or fragment that is read; unknown query parameters are no error there.
PAGE: RouteOptions = {"authentication": SIGNED_IN, "query_parameters": None, "repeatable_parameters": True}
#: `opt` of a route that takes a form or none; the CSRF token is checked before the handler runs.
FORM: dict[str, Any] = PAGE | FORM_BODY
#: `opt` of signing out.
LEAVING: RouteOptions = FORM | {"authentication": SIGNING_OUT}
COOKIE = "__Host-opsdash-session"
_STATE = "opsdash_session"


class WebSession(msgspec.Struct, frozen=True):
    """A signed-in browser. It lives in the browser's cookie only: nothing is stored here."""

    user_id: UUID
    name: str
    access_token: str
    csrf_token: str
    marks: SessionMarks
    refresh_token: str | None = None
    id_token: str | None = None
    started_at: float = msgspec.field(default_factory=time.time)

    @property
    def is_over(self) -> bool:
        """However often it was renewed: a copied cookie must not live as long as a refresh token does."""
        return time.time() - self.started_at > SESSION_SECONDS


Renew = Callable[[WebSession], Awaitable[WebSession | None]]
#: Whether a session with these marks, begun at that time, has been ended before its time.
IsEnded = Callable[[SessionMarks, float], bool]


class SignInNeeded(Problem):
    """Nobody is signed in, or not any more. Pages send to sign-in; see sign_in_answer.py."""

    def __init__(self) -> None:
        super().__init__("unauthenticated", "Authentication required", 401, "Sign in to see this.")


def new_csrf_token() -> str:
    return secrets.token_urlsafe(24)


class SessionCookies:
    """Writes the session into the browser's cookies and reads it from there."""

    def __init__(self, secret: str) -> None:
        self._encrypter = Encrypter(secret, purpose="opsdash session", kind=WebSession, seconds=SESSION_SECONDS)

    def write(self, session: WebSession) -> list[Cookie]:
        """Raises ValueError when the tokens are too long for cookies. What only helps to sign out goes first."""
        try:
            return self._pieces(session)
        except ValueError:
            return self._pieces(msgspec.structs.replace(session, id_token=None))

    def _pieces(self, session: WebSession) -> list[Cookie]:
        return cookies.pieces(COOKIE, self._encrypter.encrypt(session), SESSION_SECONDS)

    def read(self, sent: Mapping[str, str]) -> WebSession | None:
        sealed = cookies.joined(COOKIE, sent)
        return self._encrypter.decrypt(sealed) if sealed else None

    def end(self) -> list[Cookie]:
        return cookies.ended(COOKIE)


class SignedIn:
    """The scheme SIGNED_IN of the authenticator: a session whose access token is good, and CSRF protection."""

    def __init__(self, kept: SessionCookies, *, origin: str, is_ended: IsEnded, renew: Renew | None = None) -> None:
        self._cookies = kept
        self._origin = origin
        self._is_ended = is_ended
        self._renew = renew

    async def __call__(self, connection: Connection, verify: Verify) -> Caller:
        session = self._current(connection)
        try:
            caller = await verify(session.access_token)
        except InvalidToken:
            session, caller = await self._renewed(connection, session, verify)
        await self._let_in(connection, session)
        return caller

    async def signing_out(self, connection: Connection, verify: Verify) -> Caller:  # noqa: ARG002 - as a Rule has it
        """The rule SIGNING_OUT: the session is enough, for its token may have run out while the provider is away."""
        session = self._current(connection)
        await self._let_in(connection, session)
        return Caller(session.user_id, session.access_token, expires_at=session.started_at + SESSION_SECONDS)

    def _current(self, connection: Connection) -> WebSession:
        session = self._cookies.read(connection.cookies)
        if session is None or self._is_over(session):
            raise SignInNeeded
        return session

    async def _let_in(self, connection: Connection, session: WebSession) -> None:
        connection.scope["state"][_STATE] = session
        if isinstance(connection, Request) and not is_safe(connection.method):
            await check_csrf(connection, token=session.csrf_token, origin=self._origin)

    def _is_over(self, session: WebSession) -> bool:
        return session.is_over or self._is_ended(session.marks, session.started_at)

    async def _renewed(self, connection: Connection, old: WebSession, verify: Verify) -> tuple[WebSession, Caller]:
        """The access token has run out: get another one if the issuer gave us the means."""
        session = await self._renew(old) if self._renew and old.refresh_token else None
        if session is None or self._is_over(session):
            raise SignInNeeded
        try:
            caller = await verify(session.access_token)
            written = self._cookies.write(session)
        except (InvalidToken, ValueError):
            raise SignInNeeded from None
        if caller.user_id != old.user_id:
            raise SignInNeeded
        headers = connection.scope["state"].setdefault(ANSWER_HEADERS, [])
        headers += [item.to_encoded_header() for item in written]
        return session, caller


async def provide_session(request: HttpRequest) -> WebSession:
    """The dependency `session: NamedDependency[WebSession]` of handlers behind SIGNED_IN."""
    session: WebSession | None = request.scope["state"].get(_STATE)
    if session is None:
        raise RuntimeError("this route does not ask for a signed-in browser")
    return session
