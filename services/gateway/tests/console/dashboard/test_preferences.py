"""The user menu: what it changes at the upstream, and that another site cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web
from opsdash_gateway.console.auth.session import SessionCookies

from tests.support.web_clients import Browser

LINK = "/dev/sign-in/11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def signed_in(gateway: Any) -> tuple[Browser, dict[str, str]]:
    browser = Browser(gateway.session, gateway.url)
    await browser.follow(LINK)
    session = SessionCookies("Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0").read(browser.cookies)
    assert session is not None
    return browser, {"csrf_token": session.csrf_token}


async def test_what_is_named_is_changed(signed_in: Any, upstream: Any) -> None:
    browser, form = signed_in
    page = await browser.post("/en/preferences", {**form, "tour_seen": "on"}, **{"HX-Request": "true"})
    assert page.status == 204
    method, path, _, body = upstream.requests[-1]
    assert (method, path, json.loads(body)) == ("PATCH", "/me/preferences", {"tour_seen": True})


async def test_an_unticked_box_of_a_plain_form_means_off(signed_in: Any, upstream: Any) -> None:
    browser, form = signed_in
    page = await browser.post("/en/preferences", form)
    assert (page.status, page.location) == (303, "/")
    assert json.loads(upstream.requests[-1][3]) == {"shortcuts": False}


@pytest.mark.parametrize("change", [{"csrf_token": "wrong"}, {"shortcuts": "perhaps"}])
async def test_anything_else_changes_nothing(signed_in: Any, upstream: Any, change: dict[str, str]) -> None:
    browser, form = signed_in
    assert (await browser.post("/en/preferences", form | change)).status in {400, 403}
    assert upstream.requests == []


async def test_a_refusal_of_the_owner_is_passed_on(signed_in: Any, upstream: Any) -> None:
    async def away(_: web.Request) -> web.Response:
        body = {"type": "/problems/unavailable", "title": "x", "status": 503}
        return web.Response(status=503, body=json.dumps(body), content_type="application/problem+json")

    upstream.answer = away
    browser, form = signed_in
    assert (await browser.post("/en/preferences", form)).status == 503
