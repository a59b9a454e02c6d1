"""The page "Channels": what it shows, what it changes, and what it says of refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aiohttp import web

from services.gateway.tests.console.settings.conftest import problem, tickets, window_of
from tests.support.hostile_text import PAYLOADS
from tests.support.web_clients import Outline, Visitor

CHANNEL = "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a0a"
UPSTREAM = "/orgs/brightside/settings/team-channels"
PATH = "/settings/channels"
ONE = f"{PATH}/{CHANNEL}"
TYPED = {"name": "Support", "address": "ntfys://ntfy.example.test/topic", "reason": "commented", "version": "3"}


def channel(**fields: Any) -> dict[str, Any]:
    return {
        "id": CHANNEL, "name": "Support", "scheme": "slack", "address": "slack://…vi7Q", "reasons": ["sla_breached"],
        "filter": {"priorities": ["urgent"], "categories": []}, "enabled": True, "disabled": None, "failures": 0,
        "last_failure": None, "created_at": "2026-03-03T10:02:00Z", "version": 3,
    } | fields  # fmt: skip


@pytest.fixture
def window(telling: Any, upstream: Any) -> Visitor:
    upstream.answer = tickets()
    return window_of(telling)


class Chats:
    """Answers as the notifications service, and remembers what it was asked to do."""

    def __init__(self, *channels: dict[str, Any], refusal: web.Response | None = None) -> None:
        self.channels, self.refusal = channels, refusal
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self.keys = list[str | None]()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            if request.path == UPSTREAM:
                return web.json_response({"items": list(self.channels), "next_cursor": None})
            if request.path == f"{UPSTREAM}/{CHANNEL}" and self.channels:
                return web.json_response(self.channels[0])
            return web.json_response({"unread": 0}) if request.path.endswith("/inbox") else problem("not-found", 404)
        text = await request.text()
        self.keys.append(request.headers.get("Idempotency-Key"))
        path = request.path.removeprefix(UPSTREAM)
        self.asked.append((request.method, path, json.loads(text) if text else None, request.headers.get("If-Match")))
        if self.refusal is not None:
            return self.refusal
        return web.Response(status=204) if request.method == "DELETE" else web.json_response(channel())


async def posted(window: Visitor, path: str, form: dict[str, str]) -> Any:
    """As a browser without scripts."""
    return await window.post(path, form, fragment=False)


class TestShowing:
    async def test_every_channel_with_what_it_hears_of_and_how_it_is(self, window: Visitor, notifications: Any):
        failing = channel(
            id=CHANNEL.replace("0a", "0b"), enabled=False, disabled={"why": "failing", "at": "2026-03-03T10:02:00Z"},
            last_failure={"at": "2026-03-03T10:02:00Z", "words": "HTTP 404 no such hook"},
        )  # fmt: skip
        notifications.answer = Chats(channel(), failing)
        html = (await window.get(PATH, fragment=False)).html
        assert html.count('class="channel"') == 2
        assert "slack://…vi7Q" in html
        assert "Tickets that are overdue" in html
        assert "Only: Urgent" in re.sub(r"\s+", " ", html)
        assert "HTTP 404 no such hook" in html
        assert "has taken no message for a day" in html
        assert html.count(">Switch on again<") == 1

    async def test_none(self, window: Visitor, notifications: Any):
        notifications.answer = Chats()
        assert "No chat hears of your tickets yet" in (await window.get(PATH, fragment=False)).html

    async def test_the_form_has_what_is_stored_and_no_address(self, window: Visitor, notifications: Any):
        notifications.answer = Chats(channel())
        html = (await window.get(ONE, fragment=False)).html
        assert 'name="address" type="password" maxlength="1000" value=""' in html
        assert 'placeholder="slack://…vi7Q"' in html
        ticked = re.findall(r'name="(\w+)" value="(\w+)" checked', html)
        assert ticked == [("reason", "sla_breached"), ("priority", "urgent")]

    async def test_asks_before_it_deletes(self, window: Visitor, notifications: Any):
        notifications.answer = chats = Chats(channel())
        html = (await window.get(f"{ONE}/delete", fragment=False)).html
        assert "Delete this channel?" in html
        assert chats.asked == []

    async def test_what_is_not_there(self, window: Visitor, notifications: Any):
        notifications.answer = Chats()
        for path in (ONE, f"{ONE}/delete", f"{PATH}/..%2Fx"):
            assert (await window.get(path, fragment=False)).status == 404

    async def test_without_a_secret_it_says_what_the_operator_has_to_name(self, window: Visitor, notifications: Any):
        async def answer(request: web.Request) -> web.StreamResponse:
            return problem("channels-not-set-up", 503)

        notifications.answer = answer
        page = await window.get(PATH, fragment=False)
        assert (page.status, "OPSDASH_CHANNEL_SECRET" in page.html) == (200, True)

    @pytest.mark.parametrize("text", PAYLOADS[:12])
    async def test_what_people_and_chats_say_stays_text(self, window: Visitor, notifications: Any, text: str):
        async def outline(typed: str, path: str) -> Outline:
            words = {"at": "2026-03-03T10:02:00Z", "words": typed}
            notifications.answer = Chats(channel(name=typed, address=typed, last_failure=words))
            return Outline((await window.get(path, fragment=False)).html.partition('id="setting"')[2])

        for path in (PATH, ONE, f"{ONE}/delete"):
            plain, hostile = await outline("plain", path), await outline(text, path)
            assert hostile.elements == plain.elements, path


class TestChanging:
    async def test_adds(self, window: Visitor, notifications: Any):
        notifications.answer = chats = Chats()
        page = await posted(window, f"{PATH}/new", TYPED | {"category": "billing"})
        assert (page.status, page.headers["Location"]) == (303, f"/en/org/brightside{PATH}?done=added")
        body = {
            "name": "Support", "address": "ntfys://ntfy.example.test/topic", "reasons": ["commented"],
            "filter": {"priorities": [], "categories": ["billing"]},
        }  # fmt: skip
        assert [asked[:3] for asked in chats.asked] == [("POST", "", body)]
        assert "The channel was added." in (await window.get(f"{PATH}?done=added", fragment=False)).html

    async def test_adds_once_however_often_the_form_is_sent(self, window: Visitor, notifications: Any):
        notifications.answer = chats = Chats()
        form = (await window.get(f"{PATH}/new", fragment=False)).html
        (key,) = re.findall(r'name="key" value="([^"]+)"', form)
        for _ in range(2):
            await posted(window, f"{PATH}/new", TYPED | {"key": key})
        assert chats.keys == [key, key]
        other = (await window.get(f"{PATH}/new", fragment=False)).html
        assert f'value="{key}"' not in other, "the next form is another channel"

    async def test_changes_with_the_version_that_was_seen_and_keeps_the_address(
        self, window: Visitor, notifications: Any
    ):
        notifications.answer = chats = Chats(channel(version=4))
        page = await posted(window, ONE, TYPED | {"address": ""})
        assert page.status == 303
        ((method, path, body, if_match),) = chats.asked
        assert (method, path, if_match, "address" in body) == ("PATCH", f"/{CHANNEL}", '"3"', False)

    @pytest.mark.parametrize(
        ("action", "form", "asked", "done"),
        [
            ("test", {}, ("POST", f"/{CHANNEL}/test", None, None), "sent"),
            ("switch", {"enabled": "yes"}, ("PATCH", f"/{CHANNEL}", {"enabled": True}, '"3"'), "enabled"),
            ("switch", {"enabled": "no"}, ("PATCH", f"/{CHANNEL}", {"enabled": False}, '"3"'), "disabled"),
            ("delete", {}, ("DELETE", f"/{CHANNEL}", None, '"3"'), "deleted"),
        ],
    )
    async def test_does_what_its_buttons_say(
        self, window: Visitor, notifications: Any, action: str, form: dict[str, str], asked: Any, done: str
    ):
        notifications.answer = chats = Chats(channel())
        page = await posted(window, f"{ONE}/{action}", form | {"version": "3"})
        assert (page.status, page.headers["Location"].partition("=")[2]) == (303, done)
        assert chats.asked == [asked]

    async def test_members_get_the_403_page_and_nothing_is_done(
        self, window: Visitor, upstream: Any, notifications: Any
    ):
        upstream.answer, notifications.answer = tickets("member"), (chats := Chats(channel()))
        for path in (PATH, f"{PATH}/new", ONE, f"{ONE}/delete"):
            assert (await window.get(path, fragment=False)).status == 403
        for path in (f"{PATH}/new", ONE, f"{ONE}/test", f"{ONE}/switch", f"{ONE}/delete"):
            assert (await posted(window, path, TYPED)).status == 403
        assert chats.asked == []


class TestRefusals:
    async def test_stand_beside_the_fields_and_what_was_typed_stays(self, window: Visitor, notifications: Any):
        refusal = problem("validation", 400, ("/address", "address-refused"), ("/reasons", "too-short"))
        notifications.answer = Chats(refusal=refusal)
        page = await posted(window, f"{PATH}/new", TYPED)
        assert page.status == 422
        assert "Messages cannot be sent to this address." in page.html
        assert 'id="error-reasons"' in page.html
        assert 'value="Support"' in page.html
        assert 'name="reason" value="commented" checked' in page.html

    async def test_of_the_plate_say_how_many_there_may_be(self, window: Visitor, notifications: Any):
        notifications.answer = Chats(refusal=problem("plan-limit-reached", 403, limit=5, used=5, what="channels"))
        page = await posted(window, f"{PATH}/new", TYPED)
        assert (page.status, "as its plate allows (5)" in page.html) == (422, True)

    async def test_of_a_form_that_was_sent_before_with_other_values(self, window: Visitor, notifications: Any):
        notifications.answer = Chats(refusal=problem("idempotency-key-reused", 422))
        page = await posted(window, f"{PATH}/new", TYPED | {"key": "k1"})
        assert page.status == 422
        assert "This channel was added already" in page.html
        assert 'name="key" value="k1"' in page.html

    async def test_of_a_chat_are_shown_as_text(self, window: Visitor, notifications: Any):
        refusal = problem("message-not-taken", 409, detail="HTTP 404 <b>no</b>")
        notifications.answer = Chats(channel(), refusal=refusal)
        page = await posted(window, f"{ONE}/test", {"version": "3"})
        assert page.status == 422
        assert "The chat has not taken the message: HTTP 404 &lt;b&gt;no&lt;/b&gt;" in page.html

    @pytest.mark.parametrize("action", ["", "/switch", "/delete"])
    async def test_somebody_was_faster(self, window: Visitor, notifications: Any, action: str):
        notifications.answer = Chats(channel(version=4), refusal=problem("stale-version", 412, current_version=4))
        page = await posted(window, f"{ONE}{action}", TYPED)
        assert page.status == 422
        assert 'role="alert"' in page.html
        assert 'name="version" value="4"' in page.html
