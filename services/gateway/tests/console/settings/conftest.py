"""A window on the settings of a workspace, with fakes of the services behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from services.gateway.tests.console.dashboard.test_dashboard import VIEWS
from services.gateway.tests.console.ticket.test_ticket_page import PERSON, PROBLEM, SESSION_SECRET, support
from tests.support.web_clients import Visitor

MINE = "/me/notifications"
CHANNELS = "/orgs/brightside/settings/team-channels"
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
