"""The OAuth 2.0 side of sign-in: authorization code with PKCE. oauthlib speaks the protocol, aiohttp carries it."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

import aiohttp
import msgspec
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.settings import Profile
from opsdash_http.client.bounded_body import bounded_body

from opsdash_gateway.console.auth.provider_metadata import TIMEOUT, Discovery, Metadata, unreachable
from opsdash_gateway.settings import GatewaySettings

CALLBACK = "/sign-in/callback"
SIGNED_OUT = "/signed-out"
VERIFIER_CHARACTERS = 64
MAXIMUM_BYTES = 64 * 1024
SERVER_ERROR = 500


class SignInRefused(Exception):
    """The provider does not give tokens for that. The message is for the log only."""


class TokensRefused(SignInRefused):
    """What the provider gave is of no use here: the same would come again. For an operator to mend."""


class Attempt(msgspec.Struct, frozen=True):
    """One sign-in under way; the browser keeps it, sealed, until the provider sends the person back."""

    state: str
    nonce: str
    verifier: str
    locale: str
    next: str | None = None


class Tokens(msgspec.Struct, frozen=True):
    """What the provider gave."""

    access_token: str
    id_token: str | None = None
    refresh_token: str | None = None


def new_verifier(client_id: str = "") -> str:
    return str(WebApplicationClient(client_id).create_code_verifier(VERIFIER_CHARACTERS))


class IdentityProvider:
    """Calls the provider of the settings, as the client of the settings."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], settings: GatewaySettings) -> None:
        local = settings.profile is Profile.LOCAL
        if local:
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib has no other way to allow plain HTTP
        self.issuer = settings.oidc_issuer
        self._session = session
        self._discovery = Discovery(session, settings.oidc_issuer, plain_http=local)
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
        self._scopes = settings.oidc_scopes
        self._more = dict(parse_qsl(settings.oidc_authorization_parameters or ""))
        self._public_url = settings.public_url
        self.is_plain_http = settings.public_url.startswith("http://")

    async def authorization_address(self, attempt: Attempt, *, login_hint: str | None) -> str:
        """Where the browser goes to sign in. Raises Unavailable."""
        metadata = await self._discovery.metadata()
        client = WebApplicationClient(self._client_id)
        address = client.prepare_request_uri(
            metadata.authorization_endpoint,
            redirect_uri=self._public_url + CALLBACK,
            scope=self._scopes,
            state=attempt.state,
            code_challenge=client.create_code_challenge(attempt.verifier, "S256"),
            code_challenge_method="S256",
            nonce=attempt.nonce,
            ui_locales=attempt.locale,
            login_hint=login_hint,
            **self._more,
        )
        return str(address)

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """Raises SignInRefused or Unavailable."""
        client = WebApplicationClient(self._client_id)
        body = client.prepare_request_body(
            code=code,
            redirect_uri=self._public_url + CALLBACK,
            code_verifier=verifier,
            include_client_id=self._secret is None,
        )
        return await self._tokens(client, body)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Raises SignInRefused or Unavailable."""
        client = WebApplicationClient(self._client_id)
        body = client.prepare_refresh_body(
            refresh_token=refresh_token, client_id=self._client_id, include_client_id=self._secret is None
        )
        return await self._tokens(client, body)

    async def sign_out_address(self, id_token: str | None) -> str | None:
        """Where the provider ends its own session, if it can (OpenID Connect RP-Initiated Logout 1.0)."""
        try:
            endpoint = (await self._discovery.metadata()).end_session_endpoint
        except Unavailable:
            return None  # our own session ends in any case
        if endpoint is None:
            return None
        hint = {} if id_token is None else {"id_token_hint": id_token}
        back = hint | {"client_id": self._client_id, "post_logout_redirect_uri": self._public_url + SIGNED_OUT}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(back)}"

    async def _tokens(self, client: WebApplicationClient, body: str) -> Tokens:
        metadata = await self._discovery.metadata()
        headers, body = self._authenticated(metadata, body)
        try:
            async with self._session().post(
                metadata.token_endpoint, data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT
            ) as response:
                text = (await bounded_body(response, MAXIMUM_BYTES)).decode("utf-8", "replace")
                if response.status >= SERVER_ERROR:
                    raise unreachable()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise unreachable() from error
        try:
            return msgspec.convert(dict(client.parse_request_body_response(text)), Tokens)
        except (OAuth2Error, msgspec.ValidationError, ValueError, TypeError, Warning) as error:
            raise SignInRefused(type(error).__name__) from error

    def _authenticated(self, metadata: Metadata, body: str) -> tuple[dict[str, str], str]:
        """With the client secret as the provider takes it (RFC 6749, section 2.3.1); a public client has none."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._secret is None:
            return headers, body
        if metadata.takes_basic:
            basic = aiohttp.encode_basic_auth(quote(self._client_id, safe=""), quote(self._secret, safe=""))
            return headers | {"Authorization": basic}, body
        return headers, f"{body}&{urlencode({'client_id': self._client_id, 'client_secret': self._secret})}"
