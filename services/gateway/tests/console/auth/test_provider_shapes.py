"""The settings that docs/how-to/sign-in gives, at a provider that writes its tokens as the named one does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from structlog.testing import capture_logs

from services.gateway.tests.sign_in import Provider, come_back, session_of, sign_in
from tests.support.repository import blocks
from tests.support.services import settings_in
from tests.support.web_clients import Browser

CLIENT = "0oa1b2c3d4"
OBJECT_ID = "6f1c2f0e-0d6b-4a58-9a0e-3b0a9d1e7c55"
#: Of the fake provider, or of the gateway under test.
NOT_FROM_THE_PAGE = ("OPSDASH_OIDC_ISSUER", "OPSDASH_OIDC_JWKS_URL", "OPSDASH_OIDC_CLIENT_ID")


@dataclass
class Shape:
    """What a provider writes: claims of both tokens, the access token's type, the end of its issuer."""

    access: dict[str, Any]
    identity: dict[str, Any]
    access_type: str = "JWT"
    issuer_ends: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    derived_from: str | None = None


SHAPES = {
    "keycloak": Shape(
        access={"aud": ["opsdash-support", "account"], "sub": OBJECT_ID, "typ": "Bearer", "azp": CLIENT, "sid": "s"},
        identity={"sub": OBJECT_ID, "typ": "ID", "azp": CLIENT, "sid": "s", "at_hash": "x"},
    ),
    "entra": Shape(
        access={"aud": CLIENT, "oid": OBJECT_ID, "sub": "AAAAAIkzqFVrSaSaFHy782bbtaQ", "azp": CLIENT, "ver": "2.0"},
        identity={"oid": OBJECT_ID, "sub": "AAAAAIkzqFVrSaSaFHy782bbtaQ", "ver": "2.0"},
        sent={"scope": f"openid profile offline_access api://{CLIENT}/access"},
    ),
    "auth0": Shape(
        access={"aud": ["https://support.example.com", "https://tenant.eu.auth0.com/userinfo"], "sub": "auth0|65f0c0"},
        identity={"sub": "auth0|65f0c0", "sid": "s"},
        issuer_ends="/",
        sent={"audience": "https://support.example.com"},
        derived_from="auth0|65f0c0",
    ),
    "okta": Shape(
        access={"aud": "api://default", "sub": "ada@example.com", "uid": "00u1", "opsdash_user": "00u1", "ver": 1},
        identity={"sub": "00u1", "opsdash_user": "00u1", "ver": 1, "at_hash": "x"},
        derived_from="00u1",
    ),
}


def settings_of(page: str) -> dict[str, str]:
    """As the page has them, by the names that the gateway's settings have in Python."""
    (block,) = blocks(f"docs/how-to/sign-in/{page}.md", "")
    pairs = dict(line.split("=", 1) for line in block.splitlines())
    assert pairs.keys() >= {"OPSDASH_OIDC_AUDIENCE", *NOT_FROM_THE_PAGE}
    kept = {
        name: value.replace("<client id>", CLIENT) for name, value in pairs.items() if name not in NOT_FROM_THE_PAGE
    }
    return settings_in(kept)


async def browser_at(start_gateway: Any, provider: Provider, shape: Shape, settings: dict[str, str]) -> Browser:
    where = provider.url
    provider.url += shape.issuer_ends
    provider.access_claims, provider.access_type = shape.access, shape.access_type
    provider.id_claims = {"aud": CLIENT, **shape.identity}
    gateway = await start_gateway(
        oidc_issuer=provider.url, oidc_jwks_url=f"{where}/keys", oidc_client_id=CLIENT, **settings
    )
    return Browser(gateway.session, gateway.url)


@pytest.mark.parametrize("page", SHAPES)
async def test_the_settings_of_the_page_sign_somebody_in(page: str, provider: Provider, start_gateway: Any) -> None:
    shape = SHAPES[page]
    browser = await browser_at(start_gateway, provider, shape, settings_of(page))
    query = parse_qs(urlsplit((await browser.get("/en/sign-in")).location).query)
    assert {name: query[name] for name in shape.sent} == {name: [value] for name, value in shape.sent.items()}
    assert await sign_in(browser, provider) == 303
    derived = shape.derived_from and uuid5(NAMESPACE_URL, f"{provider.url}#{shape.derived_from}")
    assert session_of(browser).user_id == (derived or UUID(OBJECT_ID))


@pytest.mark.parametrize(
    ("page", "without", "reason"),
    [
        ("entra", "oidc_user_claim", "its claim 'sub' is no UUID"),
        ("auth0", "oidc_user_ids", "its claim 'sub' is no UUID"),
        ("okta", "oidc_user_claim", "ID token and access token are of two people"),
    ],
)
async def test_without_the_setting_the_log_says_what_is_wrong(
    page: str, without: str, reason: str, provider: Provider, start_gateway: Any
) -> None:
    settings = {name: value for name, value in settings_of(page).items() if name != without}
    browser = await browser_at(start_gateway, provider, SHAPES[page], settings)
    with capture_logs() as logs:
        assert await sign_in(browser, provider) == 403
    (said,) = [entry["reason"] for entry in logs if entry["event"] == "sign_in_refused"]
    assert reason in said


async def test_google_gives_no_token_that_can_be_checked(provider: Provider, start_gateway: Any) -> None:
    provider.answer = {"access_token": "ya29.a0AfB_by-opaque"}
    gateway = await start_gateway(oidc_issuer=provider.url, oidc_jwks_url=f"{provider.url}/keys")
    browser = Browser(gateway.session, gateway.url)
    with capture_logs() as logs:
        page = await come_back(browser, provider)
    assert "Trying again will not help" in page.text
    (said,) = [entry["reason"] for entry in logs if entry["event"] == "sign_in_refused"]
    assert said == "the access token is refused: it is not a JWT"
