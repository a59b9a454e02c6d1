"""The ticket's page while a part of the service is away, and with names that want to be markup."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from tests.support.hostile_text import PAYLOADS, active_content
from tests.support.web_clients import Outline, Visitor

PERSON = "11111111-1111-4111-8111-111111111111"
SESSION_SECRET = "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
PROBLEM = "application/problem+json"
PATH = "/support/42"


def person(name: str) -> dict[str, Any]:
    return {"id": PERSON, "name": name, "active": True}


def ticket(name: str) -> dict[str, Any]:
    """With that name for everybody and everything in it."""
    moment = "2026-01-02T03:04:05Z"
    contact = person(name) | {"email": name, "company": person(name)}
    return {
        "id": PERSON, "number": 42, "title": "A ticket", "description": "", "status": "open", "priority": "high",
        "category": "billing", "assignee": person(name), "contact": contact, "project": person(name),
        "sla_due_at": moment, "sla_source": "auto", "sla_state": "breached", "comment_count": 1,
        "created_by": person(name), "updated_by": person(name), "created_at": moment, "updated_at": moment,
        "version": 3, "allowed_statuses": ["closed"], "permissions": ["read", "write", "delete"],
    }  # fmt: skip


def support() -> dict[str, Any]:
    return {
        "org_id": PERSON, "slug": "brightside", "name": "Brightside", "plate": "growth", "used": 1, "limit": 1000,
        "role": "owner", "permissions": ["read", "write", "delete"],
        "statuses": [{"value": value} for value in ("open", "closed")],
        "priorities": [{"value": "high", "sla_hours": 24}], "categories": [{"value": "billing"}],
    }  # fmt: skip


def upstream_answers(name: str, **fields: Any) -> Any:
    """A ticket with that name and these fields."""

    async def answer(request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        members = {"items": [person(name) | {"assignable": True}]}
        return web.json_response({"support": support(), "members": members}.get(last, ticket(name) | fields))

    return answer


def comments_by(name: str, html: str = "<p>x</p>") -> Any:
    comment = {
        "id": PERSON, "parent_id": None, "author": person(name) | {"role": "owner"}, "body": "x",
        "body_html": html,
        "mentions": [], "created_at": "2026-01-02T03:04:05Z", "edited_at": None, "edited_by": None, "version": 1,
        "may_change": True,
    }  # fmt: skip

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"items": [comment], "next_cursor": None, "permissions": ["read"]})

    return answer


async def unavailable(_: web.Request) -> web.Response:
    body = {"type": "/problems/unavailable", "title": "x", "status": 503}
    return web.Response(status=503, body=json.dumps(body), content_type=PROBLEM, headers={"Retry-After": "1"})


@pytest.fixture
def window(helpdesk: Any) -> Visitor:
    return Visitor(helpdesk.url, "brightside", PERSON, helpdesk.token, SESSION_SECRET)


class TestPartsAway:
    async def test_without_comments_the_ticket_stands_and_the_part_offers_to_try_again(
        self, window: Visitor, upstream: Any, comments: Any
    ):
        upstream.answer, comments.answer = upstream_answers("Ada"), unavailable
        page = await window.get(PATH)
        assert (page.status, page.html.count("The comments cannot be loaded")) == (200, 1)
        assert f'{PATH}/comments" hx-target="#comments"' in page.html
        assert "No comments yet" not in page.html

    async def test_without_tickets_there_is_a_toast_that_names_the_request(self, window: Visitor, upstream: Any):
        upstream.answer = unavailable
        page = await window.get(PATH)
        assert (page.status, page.html) == (503, "")
        assert "Request id" in page.events["opsdash:toast"]["text"]


class TestDeleting:
    async def test_promises_only_what_a_page_offers(self, window: Visitor, upstream: Any):
        upstream.answer = upstream_answers("Ada")
        page = await window.get(f"{PATH}/delete")
        assert "You can undo this right afterwards." in page.html
        assert "30 days" not in page.html


class TestNames:
    async def test_none_becomes_an_element_or_an_attribute(self, window: Visitor, upstream: Any, comments: Any):
        upstream.answer, comments.answer = upstream_answers("Ada"), comments_by("Ada")
        plain = Outline((await window.get(PATH)).html)
        for name in PAYLOADS:
            upstream.answer, comments.answer = upstream_answers(name), comments_by(name)
            page = Outline((await window.get(PATH)).html)
            assert page.elements == plain.elements, name
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], name


class TestTexts:
    """The upstreams have rendered them; the page puts them where they belong."""

    RENDERED = "<p>a <em>b</em></p>\n<pre><code>c</code></pre>\n"
    AS_TYPED = "<p>a</p>\n<pre>&gt; &gt; b</pre>\n"

    @pytest.mark.parametrize(("html", "notes"), [(RENDERED, 0), (AS_TYPED, 1)], ids=["rendered", "partly as typed"])
    async def test_a_description_comes_as_its_owner_has_rendered_it(
        self, window: Visitor, upstream: Any, comments: Any, html: str, notes: int
    ):
        upstream.answer = upstream_answers("Ada", description="raw *text*", description_html=html)
        comments.answer = comments_by("Ada")
        page = await window.get(PATH)
        assert f'<div class="prose" dir="auto" hx-ignore>{html}</div>' in page.html
        assert page.html.count("Part of this text is shown as it was typed") == notes

    async def test_so_does_a_comment(self, window: Visitor, upstream: Any, comments: Any):
        upstream.answer, comments.answer = upstream_answers("Ada"), comments_by("Ada", self.AS_TYPED)
        page = await window.get(PATH)
        assert self.AS_TYPED in page.html
        assert page.html.count("Part of this text is shown as it was typed") == 1

    async def test_a_description_that_its_owner_does_not_render_yet_is_text(
        self, window: Visitor, upstream: Any, comments: Any
    ):
        upstream.answer = upstream_answers("Ada", description="<b>*a*</b>\nb")
        comments.answer = comments_by("Ada")
        assert "<pre>&lt;b&gt;*a*&lt;/b&gt;\nb</pre>" in (await window.get(PATH)).html
