"""Towards other identity providers: what is sent to them, what is believed of them, renewal, and signing out there."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import web
from opsdash_gateway.console.auth.session import COOKIE, SessionCookies, WebSession
from pydantic import ValidationError
from structlog.testing import capture_logs

from services.gateway.tests.conftest import make_settings
from services.gateway.tests.sign_in import (
    AUDIENCE,
    CLIENT,
    KEY,
    OTHER,
    SECRET,
    STRANGE_KEY,
    USER,
    Provider,
    come_back,
    session_of,
    sign_in,
)
from tests.support.web_clients import Browser


@pytest.fixture
async def browser(provider: Provider, upstream: Any, start_gateway: Any) -> Browser:
    gateway = await start_gateway(
        tickets_url=upstream.url, oidc_issuer=provider.url, oidc_jwks_url=f"{provider.url}/keys", **SETTINGS
    )
    return Browser(gateway.session, gateway.url)


SETTINGS = {"oidc_client_secret": "s3cret:with/signs", "oidc_scopes": "openid profile offline_access"}


class TestRequest:
    async def test_more_parameters_are_sent_along(self, provider: Provider, upstream: Any, start_gateway: Any) -> None:
        more = "audience=https%3A%2F%2Fapi.example.com&prompt=select_account"
        gateway = await start_gateway(
            tickets_url=upstream.url, oidc_issuer=provider.url, oidc_jwks_url=f"{provider.url}/keys",
            oidc_authorization_parameters=more,
        )  # fmt: skip
        address = (await Browser(gateway.session, gateway.url).get("/en/sign-in")).location
        query = parse_qs(urlsplit(address).query)
        assert (query["audience"], query["prompt"]) == (["https://api.example.com"], ["select_account"])
        assert query["client_id"] == [CLIENT]

    @pytest.mark.parametrize("more", ["state=x", "audience=a&nonce=b", "audience", "&&"])
    def test_those_of_the_protocol_are_not_for_a_setting(self, tmp_path: Path, more: str) -> None:
        with pytest.raises(ValidationError) as error:
            make_settings(tmp_path, oidc_authorization_parameters=more)
        assert error.value.errors()[0]["loc"] == ("oidc_authorization_parameters",)


class TestExchange:
    async def test_the_client_shows_its_secret_and_the_verifier(self, browser: Browser, provider: Provider) -> None:
        assert await sign_in(browser, provider) == 303
        ((form, headers),) = provider.calls
        assert form["grant_type"] == "authorization_code"
        assert form["code"] == "c"
        assert form["redirect_uri"] == f"{browser.url}/sign-in/callback"
        assert len(form["code_verifier"]) == 64
        assert "client_secret" not in form
        scheme, _, credentials = headers["authorization"].partition(" ")
        assert scheme == "Basic"
        assert base64.b64decode(credentials).decode() == "opsdash-console:s3cret%3Awith%2Fsigns"

    async def test_a_provider_may_want_the_secret_in_the_form(self, browser: Browser, provider: Provider) -> None:
        provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        assert await sign_in(browser, provider) == 303
        ((form, headers),) = provider.calls
        assert form["client_secret"] == "s3cret:with/signs"
        assert "authorization" not in headers

    async def test_long_tokens_fit(self, browser: Browser, provider: Provider) -> None:
        provider.answer = {"refresh_token": "r" * 4000}
        assert await sign_in(browser, provider) == 303
        assert len(browser.cookies[COOKIE]) + len(COOKIE) < 4096
        assert session_of(browser).refresh_token == "r" * 4000

    async def test_tokens_too_long_for_cookies_are_a_page(self, browser: Browser, provider: Provider) -> None:
        provider.answer = {"refresh_token": "r" * 20_000}
        assert await sign_in(browser, provider) == 403

    @pytest.mark.parametrize(
        "answer",
        [
            {"access_token": None},
            {"access_token": "x"},
            {"access_token": 5},
            {"error": "invalid_grant"},
            {"id_token": None},
        ],
    )
    async def test_half_an_answer_is_no_session(
        self, browser: Browser, provider: Provider, answer: dict[str, Any]
    ) -> None:
        provider.answer = answer
        assert await sign_in(browser, provider) == 403

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            ({"access_token": "opaque"}, "the access token is refused: it is not a JWT"),
            ({"id_token": "opaque"}, "the ID token is refused: it is not a JWT"),
        ],
    )
    async def test_a_refusal_says_what_to_mend(
        self, browser: Browser, provider: Provider, answer: dict[str, Any], reason: str
    ) -> None:
        provider.answer = answer
        with capture_logs() as logs:
            page = await come_back(browser, provider)
        assert (page.status, "Try again<" in page.text, "will not help" in page.text) == (403, False, True)
        assert [entry["reason"] for entry in logs if entry["event"] == "sign_in_refused"] == [reason]

    async def test_a_key_that_may_be_new_is_worth_another_try(self, browser: Browser, provider: Provider) -> None:
        """Keys are fetched once in 30 s at most, so one that has just been made may not be known yet."""
        provider.id_header = {"kid": "new"}
        with capture_logs() as logs:
            page = await come_back(browser, provider)
        assert (page.status, "Try again<" in page.text, "will not help" in page.text) == (403, True, False)
        (said,) = [entry["reason"] for entry in logs if entry["event"] == "sign_in_refused"]
        assert said == "the ID token is refused: its key is not in the key set of OPSDASH_OIDC_JWKS_URL"

    async def test_tokens_of_two_people_are_no_session(self, browser: Browser, provider: Provider) -> None:
        provider.access_subject = OTHER
        assert await sign_in(browser, provider) == 403

    async def test_a_provider_that_is_ill_is_503(self, browser: Browser, provider: Provider) -> None:
        provider.status = 500
        assert await sign_in(browser, provider) == 503

    @pytest.mark.parametrize("change", [{"issuer": "http://127.0.0.1:1"}, {"token_endpoint": "ftp://x"}])
    async def test_metadata_of_another_issuer_is_not_believed(
        self, browser: Browser, provider: Provider, change: dict[str, str]
    ) -> None:
        provider.metadata = change
        assert (await browser.get("/en/sign-in")).status == 503

    async def test_an_answer_in_another_issuers_name_is_refused(self, browser: Browser, provider: Provider) -> None:
        assert await sign_in(browser, provider, iss=provider.url) == 303
        browser.cookies.clear()
        assert await sign_in(browser, provider, iss="http://evil.test") == 400


NOW = int(time.time())
BAD_CLAIMS: list[dict[str, Any]] = [
    {"nonce": None},
    {"nonce": "another"},
    {"nonce": ["x"]},
    {"aud": "another"},
    {"aud": None},
    {"aud": [CLIENT, "another"]},
    {"aud": [CLIENT, "another"], "azp": "another"},
    {"azp": "another"},
    {"iss": "http://evil.test"},
    {"iss": None},
    {"exp": NOW - 3600},
    {"exp": None},
    {"nbf": NOW + 3600},
    {"sub": None},
    {"sub": "not a uuid"},
    {"sub": OTHER},
    {"token_use": "access"},
]


class TestIdTokens:
    @pytest.mark.parametrize(
        "claims", BAD_CLAIMS, ids=[f"{next(iter(bad))}-{place}" for place, bad in enumerate(BAD_CLAIMS)]
    )
    async def test_wrong_claims_are_no_session(
        self, browser: Browser, provider: Provider, claims: dict[str, Any]
    ) -> None:
        provider.id_claims = claims
        assert await sign_in(browser, provider) == 403

    @pytest.mark.parametrize(
        "claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}, {"name": None}], ids=str
    )
    async def test_unusual_but_right_ones_are(
        self, browser: Browser, provider: Provider, claims: dict[str, Any]
    ) -> None:
        provider.id_claims = claims
        assert await sign_in(browser, provider) == 303

    async def test_a_strange_signature_is_no_session(self, browser: Browser, provider: Provider) -> None:
        provider.id_key = STRANGE_KEY
        assert await sign_in(browser, provider) == 403

    @pytest.mark.parametrize(("algorithm", "key"), [("none", None), ("HS256", "x" * 64), ("RS512", KEY)])
    async def test_other_algorithms_are_no_session(
        self, browser: Browser, provider: Provider, algorithm: str, key: Any
    ) -> None:
        provider.id_algorithm, provider.id_key = algorithm, key
        assert await sign_in(browser, provider) == 403

    @pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"kid": "unknown"}, {"crit": ["x"]}], ids=str)
    async def test_wrong_headers_are_no_session(
        self, browser: Browser, provider: Provider, header: dict[str, Any]
    ) -> None:
        provider.id_header = header
        assert await sign_in(browser, provider) == 403


class TestRenewal:
    async def expired(self, browser: Browser, provider: Provider) -> None:
        """Signed in, with an access token that has run out meanwhile and a refresh token."""
        provider.answer = {"refresh_token": "first"}
        assert await sign_in(browser, provider) == 303
        old = session_of(browser)
        stale = provider.sign({"aud": AUDIENCE, "exp": NOW - 3600}, typ="at+jwt")
        session = WebSession(old.user_id, old.name, stale, old.csrf_token, old.marks, old.refresh_token)
        browser.cookies = {item.key: item.value or "" for item in SessionCookies(SECRET).write(session) if item.value}
        provider.calls.clear()

    async def test_requests_at_once_share_one_and_the_cookie_follows(
        self, browser: Browser, provider: Provider, upstream: Any
    ) -> None:
        await self.expired(browser, provider)
        upstream.answer = no_orgs
        provider.answer = {"refresh_token": "second", "id_token": None}
        pages = await asyncio.gather(*(browser.get("/") for _ in range(5)))
        assert {page.status for page in pages} == {200}
        ((form, _),) = provider.calls
        assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "first")
        assert session_of(browser).refresh_token == "second"

    async def test_a_public_client_names_itself(self, provider: Provider, upstream: Any, start_gateway: Any) -> None:
        gateway = await start_gateway(
            tickets_url=upstream.url, oidc_issuer=provider.url, oidc_jwks_url=f"{provider.url}/keys"
        )
        browser = Browser(gateway.session, gateway.url)
        await self.expired(browser, provider)
        upstream.answer = no_orgs
        assert (await browser.get("/")).status == 200
        ((form, headers),) = provider.calls
        assert (form["grant_type"], form["client_id"]) == ("refresh_token", CLIENT)
        assert "authorization" not in headers

    async def test_a_refusal_leads_to_sign_in(self, browser: Browser, provider: Provider) -> None:
        await self.expired(browser, provider)
        provider.answer = {"error": "invalid_grant"}
        assert (await browser.get("/")).location == "/en/sign-in?next=%2F"

    async def test_a_token_of_somebody_else_is_not_taken(self, browser: Browser, provider: Provider) -> None:
        await self.expired(browser, provider)
        provider.access_subject = OTHER
        assert (await browser.get("/")).status == 303

    async def test_a_provider_that_is_away_is_503_and_keeps_the_session(
        self, browser: Browser, provider: Provider, upstream: Any
    ) -> None:
        await self.expired(browser, provider)
        upstream.answer = no_orgs
        provider.status = 500
        assert (await browser.get("/")).status == 503
        provider.status = 200
        assert (await browser.get("/")).status == 200


async def no_orgs(_: web.Request) -> web.Response:
    return web.Response(text=json.dumps({"user_id": USER, "orgs": []}), content_type="application/json")


class TestSignOut:
    async def test_it_goes_on_to_the_providers_own(self, browser: Browser, provider: Provider) -> None:
        provider.metadata = {"end_session_endpoint": f"{provider.url}/end"}
        await sign_in(browser, provider)
        hint = session_of(browser).id_token
        assert hint
        page = await browser.post("/sign-out", {"csrf_token": session_of(browser).csrf_token})
        assert page.status == 200
        back = urlencode(
            {"id_token_hint": hint, "client_id": CLIENT, "post_logout_redirect_uri": f"{browser.url}/signed-out"}
        )
        address = f"{provider.url}/end?{back}".replace("&", "&amp;")
        assert f'<meta http-equiv="refresh" content="0; url={address}">' in page.text
        assert COOKIE not in browser.cookies
