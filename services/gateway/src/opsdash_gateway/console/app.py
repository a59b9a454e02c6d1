"""Composition of the console: what its pages need, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from litestar.types import ControllerRouterHandler
from opsdash_http.app import user_ids_of
from opsdash_http.security.authentication import AuthScheme
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import TokenVerifier

from opsdash_gateway.console.assets.files import Assets
from opsdash_gateway.console.auth.ended_sessions.endings import Endings
from opsdash_gateway.console.auth.ended_sessions.logout_tokens import LogoutTokenVerifier
from opsdash_gateway.console.auth.ended_sessions.routes import back_channel_route
from opsdash_gateway.console.auth.id_tokens import IdTokenVerifier
from opsdash_gateway.console.auth.identity_provider import IdentityProvider
from opsdash_gateway.console.auth.session import SIGNED_IN, SIGNING_OUT, SessionCookies, SignedIn
from opsdash_gateway.console.auth.session_renewal import Sessions
from opsdash_gateway.console.auth.sign_in import SignIn, sign_in_routes
from opsdash_gateway.console.auth.sign_in_attempts import Attempts
from opsdash_gateway.console.dashboard.home import home_routes
from opsdash_gateway.console.dashboard.preferences import preferences_routes
from opsdash_gateway.console.i18n.languages import load_languages
from opsdash_gateway.console.router import page_routes
from opsdash_gateway.console.shell.live_stream import follow_page
from opsdash_gateway.console.shell.rendering import Renderer
from opsdash_gateway.console.unsubscribe.routes import unsubscribe_routes
from opsdash_gateway.settings import GatewaySettings


@dataclass(frozen=True)
class Console:
    """The routes of sign-in and pages, and the rule that lets browsers in."""

    routes: list[ControllerRouterHandler]
    auth_schemes: dict[str, AuthScheme]


def build_console(
    settings: GatewaySettings, keys: KeySet, session: Callable[[], aiohttp.ClientSession], endings: Endings
) -> Console:
    issuer, algorithms = settings.oidc_issuer, settings.algorithms
    provider = IdentityProvider(session, settings)
    users = user_ids_of(settings)
    ids = IdTokenVerifier(keys, issuer=issuer, client_id=settings.oidc_client_id, algorithms=algorithms, user_ids=users)
    access = TokenVerifier(keys, issuer=issuer, audience=settings.oidc_audience, algorithms=algorithms, user_ids=users)
    secret = settings.session_secret.get_secret_value()
    kept = SessionCookies(secret)
    sessions = Sessions(provider, ids, access)
    flow = SignIn(provider, sessions, kept, Attempts(secret), endings)
    scheme = SignedIn(kept, origin=settings.origin, is_ended=endings.register.is_over, renew=sessions.renew)
    auth_schemes: dict[str, AuthScheme] = {SIGNED_IN: scheme, SIGNING_OUT: scheme.signing_out}
    ends = LogoutTokenVerifier(keys, issuer=issuer, client_id=settings.oidc_client_id, algorithms=algorithms)
    renderer = Renderer(load_languages(pseudo=settings.pseudo_locale), Assets(), settings.plates_url)
    outside: list[ControllerRouterHandler] = [sign_in_routes(flow), back_channel_route(endings, ends)]
    return Console(
        [*outside, home_routes, preferences_routes, unsubscribe_routes, follow_page, *page_routes(renderer)],
        auth_schemes,
    )
