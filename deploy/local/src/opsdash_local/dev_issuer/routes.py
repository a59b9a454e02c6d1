"""The routes of the development issuer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect
from opsdash_gateway.console.i18n.locales import locale_of
from opsdash_http.errors.problems import not_found
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.types import HttpRequest

from opsdash_local.dev_issuer.pages import STYLES, people_page, styles, token_page
from opsdash_local.dev_issuer.people import People, Person
from opsdash_local.dev_issuer.provider import provider_routes
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.dev_issuer.signing import LIFETIME_SECONDS, Signer, load_or_create_key

PREFIX = "/dev"


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants to sign in."""

    user_id: UUID


class Token(msgspec.Struct, forbid_unknown_fields=True):
    """An access token as OAuth 2.0 answers with it (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int


def issuer_router(settings: LocalGatewaySettings) -> Router | None:
    """The routes, or None when the settings do not ask for them. Raises StartupError for a bad key file."""
    if settings.dev_issuer_key_file is None or settings.dev_people_file is None:
        return None
    key = load_or_create_key(settings.dev_issuer_key_file)
    signer = Signer(key, issuer=settings.oidc_issuer, audience=settings.oidc_audience)
    people = People(settings.dev_people_file)

    def person_of(user_id: UUID) -> Person:
        person = people.find(user_id)
        if person is None:
            raise not_found()
        return person

    @get(["/jwks.json", "/jwks"])
    async def key_set() -> dict[str, Any]:
        return signer.key_set

    @post("/token", status_code=200)
    async def token(data: JSONBody[TokenRequest]) -> Token:
        person = person_of(data.user_id)
        return Token(signer.token(person.user_id), "Bearer", LIFETIME_SECONDS)

    @get("/sign-in")
    async def sign_in() -> Response[str]:
        return people_page(people.all())

    @get(STYLES.removeprefix(PREFIX))
    async def people_styles() -> Response[str]:
        return styles()

    @get("/sign-in/{user_id:uuid}", status_code=303)
    async def sign_in_as(request: HttpRequest, user_id: FromPath[UUID]) -> Redirect:
        """Begins a sign-in of the console that this issuer finishes without asking."""
        return Redirect(_console_sign_in(locale_of(request), person_of(user_id)), status_code=303)

    @get("/sign-in/{user_id:uuid}/token")
    async def token_of(user_id: FromPath[UUID]) -> Response[str]:
        person = person_of(user_id)
        logout_token = signer.logout_token(person.user_id, client_id=settings.oidc_client_id)
        return token_page(person, signer.token(person.user_id), logout_token, settings.public_url)

    return Router(
        PREFIX,
        route_handlers=[
            key_set,
            token,
            sign_in,
            people_styles,
            sign_in_as,
            token_of,
            *provider_routes(settings, signer, people),
        ],
        opt={"authentication": PUBLIC},
        include_in_schema=False,
    )


def _console_sign_in(locale: str, person: Person) -> str:
    """The console's own sign-in address; it ends on the person's first org."""
    query = {"login_hint": str(person.user_id)}
    if person.memberships:
        query["next"] = f"/{locale}/org/{person.memberships[0].slug}/support"
    return f"/{locale}/sign-in?{urlencode(query)}"
