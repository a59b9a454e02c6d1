"""Signing in and out: to the identity provider, back from it, and away."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import structlog
from litestar import Router, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect
from opsdash_chassis.errors import Unavailable
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.types import HttpRequest, HttpResponse, RouteOptions

from opsdash_gateway.console.auth.addresses import safe_next, sign_in_path
from opsdash_gateway.console.auth.ended_sessions.endings import Endings
from opsdash_gateway.console.auth.identity_provider import (
    CALLBACK,
    SIGNED_OUT,
    Attempt,
    IdentityProvider,
    SignInRefused,
    TokensRefused,
)
from opsdash_gateway.console.auth.session import LEAVING, SessionCookies, SignInNeeded
from opsdash_gateway.console.auth.session_renewal import Sessions
from opsdash_gateway.console.auth.sign_in_attempts import PREFIX, Attempts
from opsdash_gateway.console.auth.standalone_page import language, standalone_page
from opsdash_gateway.console.i18n.browsers import NO_COOKIE
from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.i18n.locales import LOCALE_COOKIE, known_locale, locale_of

log = structlog.get_logger(__name__)

PUBLIC_ROUTE: RouteOptions = {"authentication": PUBLIC, "query_parameters": None}
MAXIMUM_HINT_CHARACTERS = 200
WRONG_TOKENS = N_(
    "OpsDash Support cannot use what your identity provider gave. Trying again will not help; whoever operates it finds"
    " the reason in the log of the gateway."
)

NOT_TOLD = N_(
    "You are signed out in this browser. A part of the service does not answer, so somebody who has copied this session"
    " could still use it until it does, 12 hours after you signed in at the latest."
)


class SignIn:
    """The routes and what they need."""

    def __init__(
        self,
        provider: IdentityProvider,
        sessions: Sessions,
        kept: SessionCookies,
        attempts: Attempts,
        endings: Endings,
    ) -> None:
        self._provider = provider
        self._issuer = provider.issuer
        self._sessions = sessions
        self._kept = kept
        self._attempts = attempts
        self._endings = endings

    async def start(self, request: HttpRequest) -> HttpResponse:
        """Send the browser to the provider; `next` says where it wants to be afterwards."""
        query = request.query_params
        locale = known_locale(request)
        attempt, written = self._attempts.begin(locale, safe_next(query.get("next")), request.cookies)
        hint = query.get("login_hint", "")[:MAXIMUM_HINT_CHARACTERS] or None
        try:
            address = await self._provider.authorization_address(attempt, login_hint=hint)
        except Unavailable:
            return _failed(locale, N_("Sign-in is not available right now. Please try again in a moment."), 503)
        return Redirect(address, status_code=303, cookies=written)

    async def finish(self, request: HttpRequest) -> HttpResponse:
        """Back from the provider, with a code or with an error."""
        query = request.query_params
        attempt = self._attempts.find(query.get("state", ""), request.cookies)
        if attempt is None or query.get("iss", self._issuer) != self._issuer:
            text = N_("This sign-in has expired, or was started in another browser.")
            lost = self._provider.is_plain_http and not any(name.startswith(PREFIX) for name in request.cookies)
            return _failed(locale_of(request), NO_COOKIE if lost else text, 400)
        if not query.get("code"):
            log.info("sign_in_refused", reason=query.get("error", "no code")[:100])
            return self._failed(attempt, N_("The sign-in was cancelled or not allowed."), 403)
        try:
            session = await self._sessions.begin(attempt, query["code"])
            written = self._kept.write(session)
        except TokensRefused as error:
            log.error("sign_in_refused", reason=str(error))
            return self._failed(attempt, WRONG_TOKENS, 403, helps=False)
        except (SignInRefused, ValueError) as error:
            log.warning("sign_in_refused", reason=str(error))
            return self._failed(attempt, N_("The sign-in could not be completed."), 403)
        except Unavailable:
            return self._failed(attempt, N_("Sign-in is not available right now. Please try again in a moment."), 503)
        cookies = [*written, self._attempts.end(attempt), locale_cookie(attempt.locale)]
        return Redirect(attempt.next or "/", status_code=303, cookies=cookies)

    async def leave(self, request: HttpRequest) -> HttpResponse:
        """End the session everywhere, then the provider's own; also one whose access token cannot be renewed now.

        The policy of our pages does not let a form lead to another site, so a page in between goes there. When other
        replicas cannot be told, a page says so instead of going on by itself.
        """
        session = self._kept.read(request.cookies)
        told = session is None or await self._endings.end_session(session.marks, session.user_id)
        address = await self._provider.sign_out_address(session.id_token if session else None)
        if address is None and told:
            return Redirect(SIGNED_OUT, status_code=303, cookies=self._kept.end())
        page = _on_the_way_out(locale_of(request), address or SIGNED_OUT, told=told)
        return _with_cookies(page, self._kept.end())

    def forgotten(self) -> list[Cookie]:
        return self._kept.end()

    def _failed(self, attempt: Attempt, text: str, status: int, *, helps: bool = True) -> HttpResponse:
        page = _failed(attempt.locale, text, status, attempt.next, helps=helps)
        return _with_cookies(page, [self._attempts.end(attempt)])


def _failed(locale: str, text: str, status: int, back_to: str | None = None, *, helps: bool = True) -> HttpResponse:
    """`helps`: whether trying again may."""
    address, said = sign_in_path(locale, back_to), language(locale)
    body = f"<p>{escape(said.text(text))}</p>"
    if helps:
        body += f'<p><a href="{escape(address)}">{escape(said.text("Try again"))}</a></p>'
    return standalone_page(said.text("You are not signed in"), body, locale=locale, status=status)


def _on_the_way_out(locale: str, address: str, *, told: bool) -> HttpResponse:
    """Goes on by itself where there is nothing to be read."""
    link, said = escape(address), language(locale)
    head = f'<meta http-equiv="refresh" content="0; url={link}">' if told else ""
    body = "" if told else f"<p>{escape(said.text(NOT_TOLD))}</p>"
    body += f'<p><a href="{link}">{escape(said.text("Continue"))}</a></p>'
    title = said.text("Signing out…") if told else said.text("Signed out")
    return standalone_page(title, body, locale=locale, head=head)


def signed_out(request: HttpRequest) -> HttpResponse:
    locale = locale_of(request)
    said = language(locale)
    again = f'<a href="{sign_in_path(locale)}">{escape(said.text("Sign in again"))}</a>'
    body = f"<p>{escape(said.text('You have signed out of OpsDash Support.'))}</p><p>{again}</p>"
    return standalone_page(said.text("Signed out"), body, locale=locale)


def _with_cookies(response: HttpResponse, written: Iterable[Cookie]) -> HttpResponse:
    for item in written:
        response.set_cookie(item)
    return response


def locale_cookie(locale: str) -> Cookie:
    return Cookie(key=LOCALE_COOKIE, value=locale, max_age=365 * 24 * 3600, path="/", httponly=True, samesite="lax")


def sign_in_routes(flow: SignIn) -> Router:
    @get("/{locale:str}/sign-in", opt=PUBLIC_ROUTE)
    async def start(request: HttpRequest) -> HttpResponse:
        return await flow.start(request)

    @get(CALLBACK, opt=PUBLIC_ROUTE)
    async def finish(request: HttpRequest) -> HttpResponse:
        return await flow.finish(request)

    def over(_: HttpRequest, __: SignInNeeded) -> HttpResponse:
        """It has ended already, perhaps in another tab."""
        return Redirect(SIGNED_OUT, status_code=303, cookies=flow.forgotten())

    @post("/sign-out", opt=LEAVING, status_code=200, exception_handlers={SignInNeeded: over})
    async def leave(request: HttpRequest) -> HttpResponse:
        return await flow.leave(request)

    @get(SIGNED_OUT, opt=PUBLIC_ROUTE)
    async def left(request: HttpRequest) -> HttpResponse:
        return signed_out(request)

    return Router("/", route_handlers=[start, finish, leave, left], include_in_schema=False)
