"""The OpenID Connect side of the development issuer: metadata, authorization and token endpoints."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from opsdash_gateway.console.auth.identity_provider import CALLBACK
from opsdash_http.errors.problems import bad_request
from opsdash_http.requests.forms import FORM_BODY
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_local.dev_issuer.codes import Codes
from opsdash_local.dev_issuer.pages import choice_page
from opsdash_local.dev_issuer.people import People
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.dev_issuer.signing import LIFETIME_SECONDS, Signer

ANY_QUERY: dict[str, Any] = {"query_parameters": None}


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/jwks.json",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
    }


def _person_hinted(people: People, hint: str) -> UUID | None:
    try:
        person = people.find(UUID(hint))
    except ValueError:
        return None
    return person.user_id if person else None


def provider_routes(settings: LocalGatewaySettings, signer: Signer, people: People) -> list[HTTPRouteHandler]:
    """Its one client is this gateway, and the only place it sends a code to is this gateway's own callback."""
    codes = Codes()
    client_id, redirect_uri = settings.oidc_client_id, settings.public_url + CALLBACK
    expected = {"client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code"}
    expected |= {"code_challenge_method": "S256"}

    @get("/.well-known/openid-configuration")
    async def metadata() -> dict[str, Any]:
        return _metadata(settings.oidc_issuer)

    @get("/authorize", opt=ANY_QUERY, status_code=200)
    async def authorize(request: HttpRequest) -> HttpResponse:
        query = {name: str(value) for name, value in request.query_params.items()}
        if any(query.get(name) != value for name, value in expected.items()) or not query.get("code_challenge"):
            raise bad_request("validation", "This is no sign-in of the console.")
        user_id = _person_hinted(people, query.get("login_hint", ""))
        if user_id is None:
            return choice_page(people.all(), query)
        code = codes.issue(
            user_id, redirect_uri=redirect_uri, nonce=query.get("nonce", ""), challenge=query["code_challenge"]
        )
        back = urlencode({"code": code, "state": query.get("state", ""), "iss": settings.oidc_issuer})
        return Redirect(f"{redirect_uri}?{back}", status_code=303)

    @post("/oauth/token", opt=FORM_BODY, status_code=200)
    async def exchange(request: HttpRequest) -> Response[dict[str, Any]]:
        form = await request.form()
        verifier, code = str(form.get("code_verifier", "")), str(form.get("code", ""))
        grant = codes.redeem(code, redirect_uri=str(form.get("redirect_uri", "")), verifier=verifier)
        if form.get("grant_type") != "authorization_code" or grant is None:
            return Response({"error": "invalid_grant"}, status_code=400)
        person = people.find(grant.user_id)
        name = person.name if person else ""
        answer = {
            "access_token": signer.token(grant.user_id),
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "id_token": signer.id_token(grant.user_id, client_id=client_id, nonce=grant.nonce, name=name),
        }
        return Response(answer)

    return [metadata, authorize, exchange]
