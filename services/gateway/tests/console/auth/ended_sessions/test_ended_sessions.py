"""Signing out, and what the provider says has ended: which sessions that ends, and which word of it is believed."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from opsdash_contracts.sessions import Ended, SessionEnded
from opsdash_gateway.console.auth.ended_sessions.marks import person_id, provider_session_id
from opsdash_gateway.console.auth.session import COOKIE, SessionCookies
from opsdash_http.errors.problems import unavailable

from services.gateway.tests.sign_in import OTHER, SECRET, STRANGE_KEY, USER, Provider, session_of, sign_in
from tests.support.live_stream import LiveClient
from tests.support.measurements import eventually
from tests.support.web_clients import Browser, Page

NOW = 1_780_000_000.0
BACK_CHANNEL = "/sign-out/back-channel"


@pytest.fixture
async def console(provider: Provider, upstream: Any, start_gateway: Any) -> Any:
    return await start_gateway(tickets_url=upstream.url, oidc_issuer=provider.url, oidc_jwks_url=f"{provider.url}/keys")


@pytest.fixture
async def browser(console: Any, provider: Provider) -> Browser:
    """Signed in."""
    made = Browser(console.session, console.url)
    assert await sign_in(made, provider) == 303
    return made


def copy_of(browser: Browser) -> Browser:
    return Browser(browser.http, browser.url, dict(browser.cookies))


async def is_let_in(browser: Browser) -> bool:
    return not (await browser.get("/")).location.startswith("/en/sign-in")


async def sign_out(browser: Browser) -> Page:
    return await browser.post("/sign-out", {"csrf_token": session_of(browser).csrf_token})


async def back_channel(browser: Browser, token: str) -> Page:
    anybody = Browser(browser.http, browser.url)
    return await anybody.get(BACK_CHANNEL, method="POST", data={"logout_token": token})


class TestReadiness:
    async def test_one_that_finds_no_broker_is_and_says_so(self, browser: Browser) -> None:
        async def readiness() -> str:
            return (await browser.get("/readyz")).text

        text = await eventually(readiness, lambda text: "reads which sessions" not in text)
        assert re.search(r'"sessions".{0,40}waits for kafka', text), text


class TestSignOut:
    async def test_a_copied_cookie_is_refused(self, browser: Browser, console: Any) -> None:
        copy = copy_of(browser)
        own = session_of(browser).marks.own
        assert await is_let_in(copy)
        assert (await sign_out(browser)).location == "/signed-out"
        assert not await is_let_in(copy)
        (event,) = console.endings.events
        assert event.data == SessionEnded(ended_id=own, what=Ended.SESSION, ended_at=event.data.ended_at)
        assert str(event.envelope.actor_id) == USER

    async def test_the_persons_other_session_goes_on(self, browser: Browser, provider: Provider) -> None:
        other = Browser(browser.http, browser.url)
        await sign_in(other, provider)
        await sign_out(browser)
        assert await is_let_in(other)

    async def test_nothing_that_is_told_opens_anything(self, browser: Browser, console: Any) -> None:
        session = session_of(browser)
        await sign_out(browser)
        (event,) = console.endings.events
        told = event.value().decode() + str(event.envelope.to_headers())
        for secret in (session.access_token, session.csrf_token, session.id_token or "", "Ada", browser.url):
            assert secret not in told

    async def test_when_the_others_cannot_be_told_it_says_so_and_tells_them_later(
        self, browser: Browser, console: Any
    ) -> None:
        copy = copy_of(browser)
        console.endings.failure = unavailable("away", 2)
        page = await sign_out(browser)
        assert page.status == 200
        assert "somebody who has copied this session could still use it" in page.text
        assert 'href="/signed-out"' in page.text
        assert 'http-equiv="refresh"' not in page.text, "it is to be read"
        assert COOKIE not in browser.cookies
        assert not await is_let_in(copy), "this replica knows"
        assert "1 endings are not told yet" in (await browser.get("/readyz")).text
        console.endings.failure = None

        async def readiness() -> str:
            return (await browser.get("/readyz")).text

        await eventually(readiness, lambda text: "not told" not in text)
        assert [event.data.what for event in console.endings.events] == [Ended.SESSION]

    async def test_it_needs_no_good_access_token_and_no_provider(
        self, browser: Browser, provider: Provider, console: Any
    ) -> None:
        session = session_of(browser)
        stale = msgspec.structs.replace(session, access_token="has run out", refresh_token="again")
        browser.cookies = {item.key: item.value or "" for item in SessionCookies(SECRET).write(stale) if item.value}
        provider.status = 503
        assert (await browser.get("/")).status == 503
        assert (await browser.post("/sign-out", {"csrf_token": "wrong"})).status == 403
        assert (await sign_out(browser)).location == "/signed-out"
        assert COOKIE not in browser.cookies
        assert [event.data.ended_id for event in console.endings.events] == [session.marks.own]

    async def test_in_a_tab_that_was_left_open_it_says_signed_out_too(self, browser: Browser) -> None:
        form = {"csrf_token": session_of(browser).csrf_token}
        other_tab = copy_of(browser)
        await sign_out(browser)
        assert (await other_tab.post("/sign-out", form)).location == "/signed-out"
        assert COOKIE not in other_tab.cookies
        assert (await Browser(browser.http, browser.url).post("/sign-out", form)).location == "/signed-out"

    async def test_its_live_streams_end(self, browser: Browser, upstream: Any) -> None:
        upstream.answer = _member
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        url = f"{browser.url}/en/org/brightside/support/stream"
        async with LiveClient(url, {"Cookie": cookies}) as reader, asyncio.timeout(60):
            await reader.started()
            await sign_out(browser)
            await reader.ended.wait()


async def _member(_: Any) -> Any:
    from aiohttp import web

    return web.json_response({"org_id": str(uuid4()), "member_id": str(uuid4())})


#: What is wrong with it, and the token's changes that make it so.
FORGED: dict[str, dict[str, Any]] = {
    "for another client": {"aud": "another-client"},
    "for nobody": {"aud": None},
    "of another issuer": {"iss": "https://evil.test"},
    "with a nonce": {"nonce": "n"},
    "no event": {"events": None},
    "an empty event": {"events": {}},
    "a list of events": {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
    "an event that is text": {"events": {"http://schemas.openid.net/event/backchannel-logout": "x"}},
    "about nobody": {"sub": None},
    "a subject that is a number": {"sub": 7},
    "a long subject": {"sub": "x" * 256},
    "a list of sessions": {"sid": ["one"]},
    "no id": {"jti": None},
    "undated": {"iat": None},
    "dated in words": {"iat": "now"},
    "dated before time": {"iat": -1e30},
    "of 1970": {"iat": 0},
    "of tomorrow": {"iat": int(time.time()) + 86_400},
    "without end": {"exp": None},
    "expired": {"exp": int(time.time()) - 3600},
    "with a strange key": {"key": STRANGE_KEY},
    "an access token by its type": {"header": {"typ": "at+jwt"}},
    "with an unknown key": {"header": {"kid": "unknown"}},
    "critical extension": {"header": {"crit": ["exp"]}},
    "not signed": {"key": None, "algorithm": "none"},
    "signed with a password": {"key": "a-secret-of-thirty-two-bytes-now!", "algorithm": "HS256"},
}


class TestBackChannel:
    async def test_a_session_of_the_provider_ends_what_began_with_it(
        self, browser: Browser, provider: Provider, console: Any
    ) -> None:
        provider.id_claims = {"sid": "one"}
        await sign_in(browser, provider)
        other = Browser(browser.http, browser.url)
        provider.id_claims = {"sid": "two"}
        await sign_in(other, provider)
        page = await back_channel(browser, provider.logout_token(sid="one"))
        assert (page.status, page.text, page.headers["Cache-Control"]) == (200, "", "no-store")
        assert not await is_let_in(browser)
        assert await is_let_in(other)
        (event,) = console.endings.events
        assert event.data.ended_id == provider_session_id(provider.url, "one")

    async def test_a_person_without_a_session_ends_all_of_theirs(self, browser: Browser, provider: Provider) -> None:
        provider.id_claims = {"sid": "one"}
        second = Browser(browser.http, browser.url)
        await sign_in(second, provider)
        assert (await back_channel(browser, provider.logout_token(sid=None))).status == 200
        assert not await is_let_in(browser)
        assert not await is_let_in(second)
        later = Browser(browser.http, browser.url)
        provider.id_claims = {"iat": int(time.time()) + 2}
        await sign_in(later, provider)
        assert await is_let_in(later)

    async def test_of_somebody_else_it_ends_nothing_here(self, browser: Browser, provider: Provider) -> None:
        assert (await back_channel(browser, provider.logout_token(sub=OTHER))).status == 200
        assert await is_let_in(browser)

    async def test_a_token_sent_again_does_nothing_more(
        self, browser: Browser, provider: Provider, console: Any
    ) -> None:
        token = provider.logout_token(iat=int(time.time()) - 5)
        assert await is_let_in(browser), "it began after that"
        for _ in range(3):
            assert (await back_channel(browser, token)).status == 200
        assert await is_let_in(browser)
        assert [event.data.ended_id for event in console.endings.events] == [person_id(provider.url, USER)]

    async def test_when_the_others_cannot_be_told_the_provider_is_told_so(
        self, browser: Browser, provider: Provider, console: Any
    ) -> None:
        console.endings.failure = unavailable("away", 2)
        token = provider.logout_token()
        for _ in range(2):
            page = await back_channel(browser, token)
            assert (page.status, page.headers["Retry-After"]) == (503, "2")
        assert not await is_let_in(browser), "this replica knows"
        console.endings.failure = None

        async def repeated() -> int:
            return (await back_channel(browser, token)).status

        await eventually(repeated, lambda status: status == 200)
        assert len(console.endings.events) == 1

    @pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED.keys())
    async def test_any_other_token_is_refused_and_ends_nothing(
        self, browser: Browser, provider: Provider, console: Any, changes: dict[str, Any]
    ) -> None:
        page = await back_channel(browser, provider.logout_token(**changes))
        assert (page.status, page.headers["Cache-Control"]) == (400, "no-store")
        assert page.headers["Content-Type"].startswith("application/problem+json")
        assert json.loads(page.text)["type"] == "/problems/invalid-logout-token"
        assert await is_let_in(browser)
        assert console.endings.events == []

    async def test_the_providers_other_tokens_are_no_logout_tokens(self, browser: Browser, provider: Provider) -> None:
        session = session_of(browser)
        for token in (session.access_token, session.id_token or ""):
            assert (await back_channel(browser, token)).status == 400

    @pytest.mark.parametrize("body", [b"", b"logout_token=", b"logout_token=a&logout_token=b", b"\xff=%ff", b"x=" * 90])
    async def test_a_body_that_is_no_such_form_is_refused(self, browser: Browser, body: bytes) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await browser.get(BACK_CHANNEL, method="POST", data=body, headers=headers)).status == 400

    async def test_a_large_body_or_another_type_is_refused(self, browser: Browser, provider: Provider) -> None:
        page = await back_channel(browser, provider.logout_token(more="x" * 20_000))
        assert (page.status, json.loads(page.text)["type"]) == (413, "/problems/body-too-large")
        assert (await back_channel(browser, provider.logout_token(more="x" * 9_000))).status == 400
        token = provider.logout_token()
        assert (await browser.get(BACK_CHANNEL, method="POST", json={"logout_token": token})).status == 415
        assert (await browser.get(BACK_CHANNEL)).status == 405
        assert await is_let_in(browser)
