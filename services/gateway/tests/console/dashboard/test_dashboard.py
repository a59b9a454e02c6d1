"""The dashboard: the upstream's numbers, where they lead, and what a workspace without Support sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from tests.support.web_clients import Visitor

PERSON = "11111111-1111-4111-8111-111111111111"
SESSION_SECRET = "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
SUPPORT = {
    "org_id": PERSON, "slug": "brightside", "name": "Brightside", "plate": "growth", "used": 1, "limit": 1000,
    "role": "owner", "permissions": ["read"], "statuses": [], "priorities": [], "categories": [],
}  # fmt: skip
VIEWS = {"active": 9, "mine": 0, "unassigned": 4, "overdue": 2, "done": 0}
OVERDUE = {"number": 7, "title": "<b>Late</b>", "priority": "urgent", "sla_due_at": "2026-01-02T03:04:05Z"}
INSIGHTS = {
    "open": 9, "overdue": 2, "due_soon": 3, "unassigned": 4, "most_overdue": [OVERDUE],
    "by_priority": {"urgent": 1, "high": 2, "medium": 4, "low": 2},
}  # fmt: skip
LOCKED = {"type": "/problems/feature-not-available", "title": "x", "status": 403, "plate": "free", "plates": []}
ME = {"orgs": [{"slug": "brightside", "name": "Brightside", "plate": "free", "role": "owner"}]}


def answering(insights: dict[str, Any], *, locked: bool = False) -> Any:
    known = {"support": SUPPORT, "views": VIEWS, "insights": insights, "me": ME}
    known |= {"preferences": {"tour_seen": True, "shortcuts": True}}

    async def answer(request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        if locked and "/orgs/" in request.path:
            return web.Response(status=403, body=json.dumps(LOCKED), content_type="application/problem+json")
        return web.json_response(known[last])

    return answer


@pytest.fixture
def window(helpdesk: Any) -> Visitor:
    return Visitor(helpdesk.url, "brightside", PERSON, helpdesk.token, SESSION_SECRET)  # type: ignore[arg-type]


async def test_every_tile_leads_to_the_list_it_counts(window: Visitor, upstream: Any) -> None:
    upstream.answer = answering(INSIGHTS)
    page = await window.get("/dashboard", fragment=False)
    assert page.status == 200
    for query, count in (("?view=breached", 2), ("?sla=soon", 3), ("?view=unassigned", 4), ("", 9)):
        tile = page.html.partition(f'href="/en/org/brightside/support{query}"><span>')[2].partition("</a>")[0]
        assert tile.endswith(f"<b>{count}</b>"), query


async def test_the_most_overdue_open_their_tickets_and_titles_stay_text(window: Visitor, upstream: Any) -> None:
    upstream.answer = answering(INSIGHTS)
    page = await window.get("/dashboard")
    assert 'href="/en/org/brightside/support/7"' in page.html
    assert "&lt;b&gt;Late" in page.html
    assert "<html" not in page.html


async def test_without_breaches_it_says_so(window: Visitor, upstream: Any) -> None:
    upstream.answer = answering(INSIGHTS | {"overdue": 0, "most_overdue": []})
    page = await window.get("/dashboard")
    assert "No breached SLAs" in page.html
    assert "tile bad" not in page.html


async def test_without_support_there_is_a_page_without_its_card(window: Visitor, upstream: Any) -> None:
    upstream.answer = answering(INSIGHTS, locked=True)
    page = await window.get("/dashboard", fragment=False)
    assert page.status == 200
    assert "Insights" not in page.html
    assert "Brightside" in page.html
