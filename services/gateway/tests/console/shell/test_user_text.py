"""What people typed stands in hx-ignore wherever a page shows it: markup that got in there could ask for nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import web

from tests.support.web_clients import Visitor

PERSON = "11111111-1111-4111-8111-111111111111"
SESSION_SECRET = "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
TYPED = "typed by somebody"
MOMENT = "2026-01-02T03:04:05Z"
NAMED = {"id": PERSON, "name": TYPED, "active": True, "assignable": True, "role": "owner"}
TICKET = {
    "id": PERSON, "number": 42, "title": TYPED, "description": "", "status": "open", "priority": "high",
    "category": "billing", "assignee": NAMED, "contact": NAMED | {"email": TYPED, "company": NAMED}, "project": NAMED,
    "sla_due_at": MOMENT, "sla_source": "auto", "sla_state": "breached", "comment_count": 1, "created_by": NAMED,
    "updated_by": NAMED, "created_at": MOMENT, "updated_at": MOMENT, "version": 3, "allowed_statuses": ["closed"],
    "permissions": ["read", "write", "delete"],
}  # fmt: skip
PRIORITIES = ("urgent", "high", "medium", "low")
KNOWN: dict[str, Any] = {
    "support": {
        "org_id": PERSON, "slug": "brightside", "name": TYPED, "plate": "growth", "used": 1, "limit": 1000,
        "role": "owner", "permissions": ["read", "write", "delete"], "statuses": [{"value": "open"}],
        "priorities": [{"value": value, "sla_hours": 24} for value in PRIORITIES], "categories": [{"value": "billing"}],
    },
    "views": {"active": 1, "mine": 0, "unassigned": 0, "overdue": 1, "done": 0},
    "preferences": {},
    "members": {"items": [NAMED]},
    "contacts": {"items": [NAMED]},
    "projects": {"items": [NAMED]},
    "tickets": {"items": [TICKET], "next_cursor": None, "total": 1},
    "insights": {
        "open": 1, "overdue": 1, "due_soon": 0, "unassigned": 0, "by_priority": dict.fromkeys(PRIORITIES, 0),
        "most_overdue": [TICKET],
    },
}  # fmt: skip
COMMENT = {
    "id": PERSON, "parent_id": None, "author": NAMED, "body": TYPED, "body_html": f"<p>{TYPED}</p>", "mentions": [],
    "created_at": MOMENT, "edited_at": None, "edited_by": None, "version": 1, "may_change": True,
}  # fmt: skip


class Reader(HTMLParser):
    """Counts the places with typed text, and names those outside of hx-ignore."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found = 0
        self.outside: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append((tag, "hx-ignore" in dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            """Elements that need no end tag."""

    def handle_data(self, data: str) -> None:
        if TYPED not in data or self._open[-1][0] in {"title", "textarea", "script"}:
            return
        self.found += 1
        if not any(ignored for _, ignored in self._open):
            self.outside.append(" > ".join(tag for tag, _ in self._open[-4:]))


async def upstream_answer(request: web.Request) -> web.Response:
    return web.json_response(KNOWN.get(request.path.rpartition("/")[2], TICKET))


async def comments_answer(_: web.Request) -> web.Response:
    return web.json_response({"items": [COMMENT], "next_cursor": None, "permissions": ["read"]})


@pytest.mark.parametrize(
    ("path", "fragment", "places"),
    [
        ("/support", False, 8),
        ("/support/42", False, 20),
        ("/support/42", True, 10),
        ("/support/42/row", True, 4),
        ("/support/42/properties", True, 10),
        ("/support/42/choose/contact", True, 1),
        ("/support/42/choose/mention", True, 1),
        ("/support/new", True, 1),
        ("/dashboard", False, 3),
    ],
)
async def test_it_is_ignored_by_htmx(
    helpdesk: Any, upstream: Any, comments: Any, path: str, fragment: bool, places: int
) -> None:
    upstream.answer, comments.answer = upstream_answer, comments_answer
    window = Visitor(helpdesk.url, "brightside", PERSON, helpdesk.token, SESSION_SECRET, name=TYPED)  # type: ignore[arg-type]
    page = await window.get(path, fragment=fragment)
    assert page.status == 200
    read = Reader(page.html)
    assert read.outside == []
    assert read.found >= places, "the page shows less than it should, so the test sees nothing"
