"""The routes of the development issuer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody
from opsdash_chassis.http.authentication import NOBODY
from opsdash_chassis.http.problems import not_found

from opsdash_gateway.dev_issuer.pages import people_page, person_page
from opsdash_gateway.dev_issuer.people import People, Person
from opsdash_gateway.dev_issuer.signing import LIFETIME_SECONDS, Signer, load_or_create_key
from opsdash_gateway.settings import GatewaySettings

_PAGE_POLICY = {"Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"}


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants to sign in."""

    user_id: UUID


class Token(msgspec.Struct, forbid_unknown_fields=True):
    """An access token as OAuth 2.0 answers with it (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int


def _page(html: str) -> Response[str]:
    return Response(html, media_type=MediaType.HTML, headers=_PAGE_POLICY)


def issuer_router(settings: GatewaySettings) -> Router | None:
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
        return _page(people_page(people.all()))

    @get("/sign-in/{user_id:uuid}")
    async def sign_in_as(user_id: FromPath[UUID]) -> Response[str]:
        person = person_of(user_id)
        return _page(person_page(person, signer.token(person.user_id), settings.public_url))

    return Router(
        "/dev",
        route_handlers=[key_set, token, sign_in, sign_in_as],
        opt={"authentication": NOBODY},
        include_in_schema=False,
    )
