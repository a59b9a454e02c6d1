"""The settings' frame: who is offered which page, the way there, and what stands while a service is away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from services.gateway.tests.console.dashboard.test_dashboard import VIEWS
from services.gateway.tests.console.ticket.test_ticket_page import (
    PERSON,
    PROBLEM,
    SESSION_SECRET,
    support,
    unavailable,
)
from tests.support.web_clients import Visitor

PAGES = ("notifications", "workspace-notifications", "channels")
CHANNELS = "/orgs/brightside/settings/team-channels"
MINE = "/me/notifications"
OF_WORKSPACE = "/orgs/brightside/settings/notifications"


def preferences(**fields: Any) -> dict[str, Any]:
    return {
        "mail": {"assigned": True, "mentioned": True, "status_changed": False},
        "mail_delay_seconds": 60,
        "quiet_hours": None,
        "urgent_through": True,
        "muted_until": None,
        "language": "en",
        "language_chosen": True,
        "digest_hour": None,
        "digest_zone": None,
        "version": 4,
    } | fields


def workspace_settings(**fields: Any) -> dict[str, Any]:
    return {"escalate_after_hours": 24, "include_text": False, "language": "en", "version": 2} | fields


def problem(code: str, status: int, *errors: tuple[str, str], **more: Any) -> web.Response:
    listed = [{"pointer": pointer, "code": said, "message": "x"} for pointer, said in errors]
    body = {"type": f"/problems/{code}", "title": "x", "status": status, "errors": listed, **more}
    return web.Response(status=status, body=json.dumps(body), content_type=PROBLEM)


class Telling:
    """Answers as the notifications service, and remembers the changes it was asked for with their If-Match."""

    def __init__(self, mine: dict[str, Any] | None = None, workspace: dict[str, Any] | None = None) -> None:
        ours = workspace or workspace_settings()
        none: dict[str, Any] = {"items": [], "next_cursor": None}
        self.known = {MINE: mine or preferences(), OF_WORKSPACE: ours, CHANNELS: none}
        self.refusal: Callable[[], web.Response] | None = None
        self.changes: list[tuple[str, Any, str | None]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response(self.known.get(request.path, {"unread": 0}))
        change = json.loads(await request.text())
        self.changes.append((request.path, change, request.headers.get("If-Match")))
        if self.refusal:
            return self.refusal()
        known = self.known[request.path]
        mail = {"mail": known["mail"] | change.get("mail", {})} if "mail" in known else {}
        language = {"language": "en", "language_chosen": False} if change.get("language", "") is None else {}
        self.known[request.path] = known | change | mail | language | {"version": known["version"] + 1}
        return web.json_response(self.known[request.path])


def tickets(role: str = "owner") -> Any:
    async def answer(request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        return web.json_response({"support": support() | {"role": role}, "views": VIEWS}.get(last, {}))

    return answer


def window_of(gateway: Any) -> Visitor:
    return Visitor(gateway.url, "brightside", PERSON, gateway.token, SESSION_SECRET, origin=gateway.url)  # type: ignore[arg-type]


@pytest.fixture
def window(telling: Any, upstream: Any) -> Visitor:
    upstream.answer = tickets()
    return window_of(telling)


class TestWhoIsLetIn:
    @pytest.mark.parametrize(
        ("role", "listed"), [("owner", PAGES), ("admin", PAGES), ("member", PAGES[:1]), ("viewer", PAGES[:1])]
    )
    async def test_the_list_has_what_the_role_may_see(
        self, window: Visitor, upstream: Any, notifications: Any, role: str, listed: tuple[str, ...]
    ):
        upstream.answer, notifications.answer = tickets(role), Telling()
        html = (await window.get("/settings/notifications", fragment=False)).html
        named = html.partition('class="setting-list"')[2].partition("</nav>")[0]
        assert [name for name in PAGES if f'/settings/{name}"' in named] == list(listed)
        statuses = [(await window.get(f"/settings/{name}", fragment=False)).status for name in PAGES]
        assert statuses == [200 if name in listed else 403 for name in PAGES]

    async def test_a_page_that_is_not_for_them_is_the_403_page_and_nothing_is_changed(
        self, window: Visitor, upstream: Any, notifications: Any
    ):
        upstream.answer, notifications.answer = tickets("member"), (telling := Telling())
        page = await window.get("/settings/workspace-notifications", fragment=False)
        assert (page.status, "You cannot do that" in page.html) == (403, True)
        form = {"escalates": "on", "escalate_after_hours": "48"}
        assert (await window.post("/settings/workspace-notifications", form, version=2)).status == 403
        assert telling.changes == []


class TestTheWayThere:
    async def test_from_the_side_bar_and_the_user_menu(self, window: Visitor, notifications: Any):
        notifications.answer = Telling()
        html = (await window.get("/settings/notifications", fragment=False)).html
        sidebar = html.partition('id="sidebar"')[2].partition("</aside>")[0]
        assert 'href="/en/org/brightside/settings" aria-current="page"' in sidebar
        assert 'href="/en/org/brightside/settings/notifications"' in sidebar

    async def test_leads_to_the_first_page(self, window: Visitor, notifications: Any):
        notifications.answer = Telling()
        page = await window.get("/settings", fragment=False)
        assert (page.status, page.headers["Location"]) == (303, "/en/org/brightside/settings/notifications")

    async def test_is_not_there_without_the_service(self, start_gateway: Any, upstream: Any):
        upstream.answer = tickets()
        gateway = await start_gateway(tickets_url=upstream.url, notifications_url=None)
        window = window_of(gateway)
        for path in ("/settings", *(f"/settings/{name}" for name in PAGES)):
            page = await window.get(path, fragment=False)
            assert (page.status, "/settings" in page.html) == (404, False)


class TestAway:
    @pytest.mark.parametrize("name", PAGES)
    async def test_the_frame_stands_and_says_so(self, window: Visitor, notifications: Any, name: str):
        notifications.answer = unavailable
        page = await window.get(f"/settings/{name}", fragment=False)
        assert page.status == 503
        assert "These settings cannot be loaded at the moment" in page.html
        assert 'class="setting-list"' in page.html
        assert '<form class="setting-form"' not in page.html
