"""The link in a mail: it asks, a POST turns mails off, and what is no link of ours does nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData, web

from services.gateway.tests.conftest import FakeUpstream, StartGateway, fake_upstream

SIGNATURE = "a-B_9" * 6
USER = "0198c0de-1111-7abc-8def-0000000000aa"
LINK = f"/unsubscribe/{USER}/assigned,mentioned/{SIGNATURE}"


@pytest.fixture
async def notifications() -> AsyncIterator[FakeUpstream]:
    async def answer(request: web.Request) -> web.Response:
        if not request.path.endswith(SIGNATURE):
            return web.Response(status=404, body=b"{}", content_type="application/problem+json")
        if request.method == "POST":
            return web.Response(status=204)
        return web.json_response({"language": "es", "kinds": ["<b>tickets</b>", "comentarios"]})

    async with fake_upstream() as fake:
        fake.answer = answer
        yield fake


@pytest.fixture
async def desk(notifications: FakeUpstream, start_gateway: StartGateway) -> Any:
    return await start_gateway(notifications_url=notifications.url)


async def test_the_link_asks_in_the_language_of_the_recipient_and_changes_nothing(
    desk: Any, notifications: FakeUpstream
) -> None:
    status, headers, body = await desk.call("GET", LINK, token="")
    page = body.decode()
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert '<html lang="es">' in page
    assert "&lt;b&gt;tickets&lt;/b&gt;" in page
    assert '<form method="post">' in page
    assert [(method, path) for method, path, _, _ in notifications.requests] == [("GET", LINK)]


@pytest.mark.parametrize("encoded", ["urlencoded", "multipart"])
async def test_a_post_turns_them_off_in_the_forms_of_mail_providers(
    desk: Any, notifications: FakeUpstream, encoded: str
) -> None:
    form = FormData({"List-Unsubscribe": "One-Click"}, default_to_multipart=encoded == "multipart")
    status, _, _ = await desk.call("POST", LINK, token="", data=form)
    assert status == 200
    assert ("POST", LINK) in [(method, path) for method, path, _, _ in notifications.requests]
    assert all("authorization" not in headers for _, _, headers, _ in notifications.requests)


@pytest.mark.parametrize(
    "link",
    [
        f"/unsubscribe/{USER}/assigned,mentioned/forged",
        f"/unsubscribe/{USER}/..%2F..%2Fme/{SIGNATURE}",
        f"/unsubscribe/{USER}/assigned/{SIGNATURE}%2F..%2Fx",
        f"/unsubscribe/{USER}/{'a' * 301}/{SIGNATURE}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_no_link_of_ours_is_404_and_turns_nothing_off(
    desk: Any, notifications: FakeUpstream, method: str, link: str
) -> None:
    data = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
    assert (await desk.call(method, link, token="", data=data))[0] == 404
    assert all(asked == "GET" for asked, _, _, _ in notifications.requests)


async def test_while_a_service_is_away_the_page_says_so(start_gateway: StartGateway) -> None:
    desk = await start_gateway(notifications_url="http://127.0.0.1:1")
    status, headers, _ = await desk.call("GET", LINK, token="")
    assert (status, headers["content-type"].partition(";")[0]) == (503, "text/html")
