"""Signing in at the development issuer, as a browser does it: there, back, in, out, and every wrong turn."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import web
from opsdash_gateway.console.auth.session import COOKIE, SessionCookies

from tests.support.web_clients import Browser

PERSON = "11111111-1111-4111-8111-111111111111"
LINK = f"/dev/sign-in/{PERSON}"
SUPPORT = "/en/org/brightside/support"


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def browser(gateway: Any) -> Browser:
    return Browser(gateway.session, gateway.url)


async def at_the_issuer(browser: Browser, path: str = "/en/sign-in") -> dict[str, str]:
    """Begin a sign-in; the parameters it brings to the issuer."""
    page = await browser.get(path)
    assert page.status == 303
    return query_of(page.location)


async def code_for(browser: Browser, query: dict[str, str]) -> dict[str, str]:
    page = await browser.get("/dev/authorize?" + urlencode({**query, "login_hint": str(PERSON)}))
    return query_of(page.location)


async def redeem(browser: Browser, **form: str) -> Any:
    return json.loads((await browser.post("/dev/oauth/token", form)).text)


class TestWhatBrowsersLack:
    async def test_a_cookie_that_was_refused_without_tls_is_named(self, browser: Browser) -> None:
        query = await at_the_issuer(browser)
        code = await code_for(browser, query)
        browser.cookies.clear()  # as WebKit does with a Secure one on plain http
        page = await browser.get("/sign-in/callback?" + urlencode(code))
        assert page.status == 400
        assert "Safari and other WebKit browsers refuse it without https" in page.text

    async def test_the_sign_in_page_names_the_browsers_and_tells_one_that_is_too_old(self, browser: Browser) -> None:
        page = await browser.get("/dev/sign-in")
        assert "Made for Chrome and Edge 131, Firefox 128, Safari 18" in page.text
        assert '<p class="too-old" role="alert">This browser is too old' in page.text


class TestThereAndBack:
    async def test_a_link_of_the_stack_signs_in_and_lands_on_the_support_page(self, browser: Browser) -> None:
        page = await browser.follow(LINK)
        assert page.location == SUPPORT
        assert COOKIE in browser.cookies
        assert not [name for name in browser.cookies if "signin" in name], "the attempt must be over"

    async def test_the_request_has_pkce_state_and_nonce(self, browser: Browser) -> None:
        query = await at_the_issuer(browser)
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert len(query["code_challenge"]) == 43
        assert len(query["state"]) >= 32
        assert len(query["nonce"]) >= 32
        assert query["redirect_uri"] == f"{browser.url}/sign-in/callback"
        again = await at_the_issuer(browser)
        assert not {query[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())

    async def test_the_page_of_people_goes_on_with_the_same_attempt(self, browser: Browser) -> None:
        query = await at_the_issuer(browser, f"/en/sign-in?next={SUPPORT}/42")
        page = await browser.get("/dev/authorize?" + urlencode(query))
        assert page.status == 200
        assert "Ada &lt;Admin&gt;" in page.text
        page = await browser.follow("/dev/authorize?" + urlencode({**query, "login_hint": str(PERSON)}))
        assert page.location == f"{SUPPORT}/42"

    @pytest.mark.parametrize("elsewhere", ["https://evil.test/org/x", "//evil.test/org/x", "/\\evil.test/org/x"])
    async def test_it_leads_nowhere_else(self, browser: Browser, elsewhere: str) -> None:
        query = await at_the_issuer(browser, "/en/sign-in?" + urlencode({"next": elsewhere}))
        back = await code_for(browser, query)
        page = await browser.get("/sign-in/callback?" + urlencode(back))
        assert (page.status, page.location) == (303, "/")

    async def test_two_tabs_can_sign_in_at_once(self, browser: Browser) -> None:
        first, second = await at_the_issuer(browser), await at_the_issuer(browser)
        for query in (first, second):
            page = await browser.get("/sign-in/callback?" + urlencode(await code_for(browser, query)))
            assert page.status == 303

    async def test_abandoned_attempts_do_not_pile_up(self, browser: Browser) -> None:
        for _ in range(12):
            await at_the_issuer(browser)
        assert len(browser.cookies) <= 5

    async def test_all_cookies_are_for_this_host_only(self, browser: Browser) -> None:
        await browser.follow(LINK)
        ours = [line for line in browser.set_cookies if not line.startswith("opsdash-locale=")]
        assert ours
        for line in ours:
            assert line.startswith("__Host-opsdash-")
            assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(line.split("; "))


class TestWrongTurns:
    async def test_a_state_that_this_browser_did_not_begin_is_refused(self, browser: Browser, gateway: Any) -> None:
        back = await code_for(browser, await at_the_issuer(browser))
        other = Browser(gateway.session, gateway.url)
        page = await other.get("/sign-in/callback?" + urlencode(back))
        assert page.status == 400
        assert COOKIE not in other.cookies

    @pytest.mark.parametrize("state", ["", "x", "ä", "x" * 5000])
    async def test_a_nonsense_state_is_no_error_of_ours(self, browser: Browser, state: str) -> None:
        page = await browser.get("/sign-in/callback?" + urlencode({"state": state, "code": "x"}))
        assert page.status == 400
        assert "/en/sign-in" in page.text

    async def test_a_changed_state_with_the_same_beginning_is_refused(self, browser: Browser) -> None:
        back = await code_for(browser, await at_the_issuer(browser))
        page = await browser.get("/sign-in/callback?" + urlencode({**back, "state": back["state"][:-4] + "AAAA"}))
        assert page.status == 400

    async def test_a_made_up_code_is_refused(self, browser: Browser) -> None:
        query = await at_the_issuer(browser)
        page = await browser.get("/sign-in/callback?" + urlencode({"state": query["state"], "code": "made-up"}))
        assert page.status == 403
        assert COOKIE not in browser.cookies

    async def test_an_error_of_the_issuer_is_a_page_with_a_way_on(self, browser: Browser) -> None:
        query = await at_the_issuer(browser, f"/es/sign-in?next={SUPPORT}")
        page = await browser.get(
            "/sign-in/callback?" + urlencode({"state": query["state"], "error": "access_denied<script>"})
        )
        assert page.status == 403
        assert "<script>" not in page.text
        assert "/es/sign-in?next=%2Fen%2Forg" in page.text

    async def test_a_code_of_another_attempt_is_refused(self, browser: Browser) -> None:
        """The code was made for the other attempt's verifier."""
        mine, other = await at_the_issuer(browser), await at_the_issuer(browser)
        code = (await code_for(browser, other))["code"]
        page = await browser.get("/sign-in/callback?" + urlencode({"state": mine["state"], "code": code}))
        assert page.status == 403

    async def test_without_the_issuer_it_says_so(self, upstream: Any, start_gateway: Any) -> None:
        gateway = await start_gateway(tickets_url=upstream.url, oidc_issuer="http://127.0.0.1:1/dev")
        page = await Browser(gateway.session, gateway.url).get("/en/sign-in")
        assert page.status == 503


class TestIssuer:
    async def test_its_metadata_is_its_own(self, browser: Browser) -> None:
        found = json.loads((await browser.get("/dev/.well-known/openid-configuration")).text)
        assert found["issuer"] == f"{browser.url}/dev"
        assert found["code_challenge_methods_supported"] == ["S256"]

    @pytest.mark.parametrize(
        "change",
        [
            {"redirect_uri": "https://evil.test/sign-in/callback"},
            {"client_id": "another"},
            {"response_type": "token"},
            {"code_challenge_method": "plain"},
            {"code_challenge": ""},
        ],
    )
    async def test_it_signs_nobody_in_for_another_client(self, browser: Browser, change: dict[str, str]) -> None:
        query = await at_the_issuer(browser)
        page = await browser.get("/dev/authorize?" + urlencode({**query, **change, "login_hint": str(PERSON)}))
        assert page.status == 400

    async def test_a_code_is_good_once_and_with_its_verifier_only(self, browser: Browser) -> None:
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # of RFC 7636, appendix B
        query = {**await at_the_issuer(browser), "code_challenge": challenge}
        uri, verifier = query["redirect_uri"], "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        form = {"grant_type": "authorization_code", "redirect_uri": uri}
        wrong = (await code_for(browser, query))["code"]
        assert await redeem(browser, **form, code=wrong, code_verifier="x" * 43) == {"error": "invalid_grant"}
        assert await redeem(browser, **form, code=wrong, code_verifier=verifier) == {"error": "invalid_grant"}
        code = (await code_for(browser, query))["code"]
        assert "id_token" in await redeem(browser, **form, code=code, code_verifier=verifier)
        assert await redeem(browser, **form, code=code, code_verifier=verifier) == {"error": "invalid_grant"}


class TestHome:
    async def test_a_visitor_is_led_to_sign_in_in_their_language(self, browser: Browser) -> None:
        for accepted, locale in (("es-MX,es;q=0.9", "es"), ("de, en;q=0.5", "en"), ("", "en")):
            page = await browser.get("/", headers={"Accept-Language": accepted})
            assert page.location == f"/{locale}/sign-in?next=%2F"

    async def test_the_language_chosen_before_wins(self, browser: Browser) -> None:
        page = await browser.get("/es/language?next=/en/org/brightside/support")
        assert page.location == "/en/org/brightside/support"
        page = await browser.get("/", headers={"Accept-Language": "en"})
        assert page.location.startswith("/es/")

    async def test_a_member_is_led_to_an_org_with_support(self, browser: Browser, upstream: Any) -> None:
        await browser.follow(LINK)
        upstream.answer = answering(orgs=[{"slug": "small", "plate": "free"}, {"slug": "big", "plate": "sales"}])
        assert (await browser.get("/")).location == "/en/org/big/support"
        method, path, headers, _ = upstream.requests[-1]
        assert (method, path) == ("GET", "/me")
        assert headers["authorization"].startswith("Bearer ")

    async def test_somebody_without_an_org_is_told_so(self, browser: Browser, upstream: Any) -> None:
        await browser.follow(LINK)
        upstream.answer = answering(orgs=[])
        assert "No workspace yet" in (await browser.get("/")).text


def answering(**body: Any) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"user_id": str(PERSON), **body})

    return answer


class TestSignOut:
    async def test_it_ends_the_session(self, browser: Browser) -> None:
        await browser.follow(LINK)
        session = SessionCookies("Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0").read(browser.cookies)
        assert session is not None
        assert session.name == "Ada <Admin>"
        page = await browser.post("/sign-out", {"csrf_token": session.csrf_token})
        assert (page.status, page.location) == (303, "/signed-out")
        assert COOKIE not in browser.cookies
        assert "/en/sign-in" in (await browser.get("/signed-out")).text
        assert (await browser.get("/")).location.startswith("/en/sign-in")

    async def test_another_site_cannot_end_it(self, browser: Browser) -> None:
        await browser.follow(LINK)
        assert (await browser.post("/sign-out", {})).status == 403
        assert (await browser.get("/sign-out")).status == 405
        assert COOKIE in browser.cookies
