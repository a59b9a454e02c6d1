"""The inbox's page: what a row says, its filters and stretches, what becomes of rows, and the service away."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from services.gateway.tests.console.dashboard.test_dashboard import VIEWS
from services.gateway.tests.console.ticket.test_ticket_page import (
    PERSON,
    PROBLEM,
    SESSION_SECRET,
    comments_by,
    person,
    support,
    ticket,
    unavailable,
)
from tests.support.hostile_text import PAYLOADS, active_content
from tests.support.web_clients import Outline, Visitor

TOLD = "019b7c1a-5f48-7111-8111-111111111111"
NEWER = "019b7c1a-5f49-7111-8111-111111111111"
GONE = "22222222-2222-4222-8222-222222222222"


def told(row_id: str = TOLD, **fields: Any) -> dict[str, Any]:
    return {
        "id": row_id, "ticket": {"id": PERSON, "number": 42}, "reason": "mentioned",
        "reasons": {"commented": 3, "mentioned": 1}, "count": 4, "actor": person("Tomás"), "state": "unread",
        "first_unread_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "version": 7,
    } | fields  # fmt: skip


class Inbox:
    """Answers as the notifications service with these rows, and remembers what it was asked."""

    def __init__(self, *rows: dict[str, Any], next_cursor: str | None = None, unread: int = 1) -> None:
        self.rows, self.next_cursor, self.unread = rows, next_cursor, unread
        self.asked: list[tuple[str, str, Any]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        text = await request.text()
        asked = parse_qs(urlsplit(str(request.url)).query) if request.method == "GET" else json.loads(text or "{}")
        path = request.path.removeprefix("/orgs/brightside")
        if asked != {"limit": ["1"]}:
            self.asked.append((request.method, path, asked))
        if path == "/inbox":
            page = {"items": self.rows, "next_cursor": self.next_cursor, "unread": self.unread}
            return web.json_response(page)
        if path == "/inbox/read-all":
            return web.json_response({"marked": 3, "unread": self.unread})
        return web.json_response({})


def tickets(title: str = "Invoice shows the wrong VAT rate") -> Any:
    async def answer(request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        preferences = {"tour_seen": True, "shortcuts": True}
        known: dict[str, Any] = {"support": support(), "views": VIEWS, "preferences": preferences}
        known |= {"tickets": {"items": [ticket("Ada") | {"title": title}], "next_cursor": None}}
        known |= {"members": {"items": []}}
        return web.json_response(known.get(last, ticket("Ada")))

    return answer


async def gone(_: web.Request) -> web.Response:
    body = {"type": "/problems/not-found", "title": "x", "status": 404}
    return web.Response(status=404, body=json.dumps(body), content_type=PROBLEM)


@pytest.fixture
def window(telling: Any, upstream: Any, comments: Any) -> Visitor:
    upstream.answer, comments.answer = tickets(), comments_by("Ada")
    return Visitor(telling.url, "brightside", PERSON, telling.token, SESSION_SECRET, origin=telling.url)  # type: ignore[arg-type]


def row_of(html: str, row_id: str = TOLD) -> str:
    return html.partition(f'data-row="{row_id}"')[2].partition("</tr>")[0]


class TestRows:
    async def test_a_row_says_why_what_who_when_and_how_often(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told())
        page = await window.get("/inbox", fragment=False)
        row = row_of(page.html)
        assert page.status == 200
        assert "Mentioned you" in row
        assert 'href="/en/org/brightside/support/42"' in row
        assert "Invoice shows the wrong VAT rate" in row
        assert "Tomás" in row
        assert '<time datetime="2026-01-02T03:04:05+00:00"' in row
        assert "4 since you read it" in row
        assert 'title="Commented: 3, Mentioned you: 1"' in row
        assert 'data-count="1"' in page.html.partition('id="bell"')[2]

    async def test_a_reminder_has_its_note(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(reason="reminder", note="Ask <again>"))
        row = row_of((await window.get("/inbox", fragment=False)).html)
        assert "Reminder" in row
        assert '<p class="note" dir="auto" hx-ignore>Ask &lt;again&gt;</p>' in row

    async def test_a_row_about_the_workspace_and_one_by_the_system(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(ticket=None, actor=None, reason="usage", count=1))
        row = row_of((await window.get("/inbox", fragment=False)).html)
        assert "About this workspace" in row
        assert "The system" in row
        assert "since you read it" not in row

    async def test_a_reason_of_tomorrow_is_shown_as_it_came(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(reason="praised", reasons={"praised": 2}))
        assert "praised" in row_of((await window.get("/inbox", fragment=False)).html)

    async def test_a_ticket_that_cannot_be_read_any_more_is_left_out(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(NEWER, ticket={"id": GONE, "number": 7}), told())
        page = await window.get("/inbox", fragment=False)
        assert f'data-row="{TOLD}"' in page.html
        assert f'data-row="{NEWER}"' not in page.html
        assert f'data-newest="{NEWER}"' in page.html

    async def test_what_people_typed_stays_text(self, window: Visitor, upstream: Any, notifications: Any) -> None:
        notifications.answer = Inbox(told(note="x"))
        plain = Outline((await window.get("/inbox")).html)
        for text in PAYLOADS:
            upstream.answer, notifications.answer = tickets(text), Inbox(told(actor=person(text), note=text))
            page = Outline((await window.get("/inbox")).html)
            assert page.elements == plain.elements, text
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], text


class TestWhich:
    @pytest.mark.parametrize(
        ("query", "asked"),
        [("", "unread"), ("?state=archived", "archived"), ("?state=all", "all"), ("?state=<b>", "unread")],
    )
    async def test_the_address_says_it(self, window: Visitor, notifications: Any, query: str, asked: str) -> None:
        notifications.answer = inbox = Inbox()
        page = await window.get(f"/inbox{query}", fragment=False)
        assert inbox.asked == [("GET", "/inbox", {"state": [asked], "limit": ["25"]})]
        assert page.html.count('aria-current="page">') == 2  # the bell, and the filter

    async def test_each_says_when_it_is_empty(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(unread=0)
        headings = {
            "unread": "You are up to date", "read": "Nothing here yet", "archived": "Nothing is archived",
            "all": "Nobody has told you anything yet",
        }  # fmt: skip
        for state, heading in headings.items():
            assert heading in (await window.get(f"/inbox?state={state}")).html

    async def test_the_next_stretch_for_scripts_and_without(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = inbox = Inbox(told(), next_cursor="abc=")
        first = (await window.get("/inbox?state=all", fragment=False)).html
        assert 'href="/en/org/brightside/inbox?state=all&amp;cursor=abc%3D"' in first
        assert "/inbox/rows?state=all&amp;cursor=abc%3D&amp;shown=1" in first
        more = await window.get("/inbox/rows?state=all&cursor=abc%3D&shown=1")
        assert inbox.asked[-1] == ("GET", "/inbox", {"state": ["all"], "limit": ["25"], "cursor": ["abc="]})
        assert "2 shown" in more.html


class TestChanging:
    @pytest.mark.parametrize("state", ["archived", "unread", "read"])
    async def test_a_row_tells_the_page_its_new_state(self, window: Visitor, notifications: Any, state: str) -> None:
        notifications.answer = inbox = Inbox(unread=6)
        page = await window.post(f"/inbox/{TOLD}", {"state": state})
        assert inbox.asked == [("PATCH", f"/inbox/{TOLD}", {"state": state})]
        assert page.events == {
            "opsdash:inbox-row": {"id": TOLD, "state": state}, "opsdash:unread": {"unread": 6},
        }  # fmt: skip

    async def test_without_scripts_the_same_list_comes_back(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox()
        form = {"state": "unread", "filter": "archived"}
        page = await window.post(f"/inbox/{TOLD}", form, fragment=False)
        assert (page.status, page.headers["Location"]) == (303, "/en/org/brightside/inbox?state=archived")

    async def test_one_that_has_something_newer_is_shown_anew(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = gone
        page = await window.post(f"/inbox/{TOLD}", {"state": "archived"})
        assert page.status == 409
        assert "opsdash:inbox-stale" in page.events
        assert "something newer" in page.events["opsdash:toast"]["text"]

    async def test_no_other_state_is_passed_on(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = inbox = Inbox()
        assert (await window.post(f"/inbox/{TOLD}", {"state": "muted"})).status == 400
        assert inbox.asked == []

    async def test_all_are_read_up_to_the_newest_on_the_page(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = inbox = Inbox(told(NEWER), told(TOLD, ticket=None))
        html = (await window.get("/inbox", fragment=False)).html
        assert f'name="up_to" value="{NEWER}"' in html
        page = await window.post("/inbox/read-all", {"up_to": NEWER, "filter": "unread"})
        assert ("POST", "/inbox/read-all", {"up_to": NEWER}) in inbox.asked
        assert page.events["opsdash:unread"] == {"unread": 1}
        assert page.events["opsdash:toast"]["text"] == "3 marked as read"

    async def test_nothing_is_offered_where_nothing_is_unread(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(state="read"), unread=0)
        assert "read-all" not in (await window.get("/inbox?state=all")).html

    async def test_what_came_since_is_counted(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = Inbox(told(NEWER), told(TOLD))
        assert ">1 new<" in (await window.get(f"/inbox/fresh?state=unread&after={TOLD}")).html
        assert " hidden>" in (await window.get(f"/inbox/fresh?state=unread&after={NEWER}")).html


class TestAway:
    async def test_the_page_says_so_in_its_frame(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = unavailable
        page = await window.get("/inbox", fragment=False)
        assert page.status == 503
        assert "Your inbox cannot be loaded at the moment" in page.html
        assert 'id="sidebar"' in page.html
        assert "You are up to date" not in page.html

    async def test_scripts_are_told_with_a_toast(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = unavailable
        page = await window.post(f"/inbox/{TOLD}", {"state": "archived"})
        assert (page.status, page.events["opsdash:toast"]["kind"]) == (503, "error")


class TestOpening:
    async def test_a_ticket_reads_its_row_and_corrects_the_bell(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = inbox = Inbox(unread=5)
        page = await window.get("/support/42")
        assert ("PUT", "/tickets/42/seen", {}) in inbox.asked
        assert page.events["opsdash:unread"] == {"unread": 5}
        whole = await window.get("/support/42", fragment=False)
        assert 'data-count="5"' in whole.html.partition('id="bell"')[2]

    async def test_waits_for_nobody_who_does_not_answer(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = unavailable
        page = await window.get("/support/42")
        assert (page.status, page.events) == (200, {})
