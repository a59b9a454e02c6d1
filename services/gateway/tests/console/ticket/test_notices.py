"""Watching a ticket, and who was told of it: never more than the notifications service says."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp import web
from opsdash_gateway.console.ticket.notices import Notice, grouped
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient

from services.gateway.tests.console.dashboard.test_dashboard import VIEWS
from services.gateway.tests.console.ticket.test_ticket_page import (
    PATH,
    PERSON,
    PROBLEM,
    SESSION_SECRET,
    comments_by,
    person,
    support,
    unavailable,
    upstream_answers,
)
from tests.support.hostile_text import PAYLOADS, active_content
from tests.support.web_clients import Outline, Visitor

MAYA, JONAS = "11111111-1111-4111-8111-00000000000a", "11111111-1111-4111-8111-00000000000b"
TEAM, OLD_TEAM = "44444444-4444-4444-8444-44444444444a", "44444444-4444-4444-8444-44444444444b"
BREACH = "22222222-2222-4222-8222-222222222222"
EARLIER = "33333333-3333-4333-8333-333333333333"
LEDGER = f"{PATH}/sla"


def notice(name: str, person_id: str = MAYA, **fields: Any) -> dict[str, Any]:
    return {
        "reason": "sla_breached", "channel": "inbox", "state": "sent", "why": None, "at": "2026-03-03T10:02:00Z",
        "recipient": {"id": person_id, "name": name, "active": True}, "source_event_id": BREACH,
    } | fields  # fmt: skip


TOLD = [
    notice("Maya", channel="mail", at="2026-03-03T10:03:00Z"),
    notice("Jonas", JONAS, state="skipped", why="muted"),
    notice("Maya"),
]


class Watching:
    """Answers as the notifications service, and remembers what was asked for."""

    def __init__(
        self, *names: str, state: str | None = None, notices: list[dict[str, Any]] = TOLD, more: bool = False
    ) -> None:
        self.names, self.state, self.notices, self.more = names, state, notices, more
        self.changes: list[tuple[str, str]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        if request.method != "GET" and last == "watch":
            self.changes.append((request.method, await request.text()))
            return web.Response(status=204) if request.method == "DELETE" else web.json_response({"state": "x"})
        people = [{"person": {"id": PERSON, "name": name, "active": True}, "since": "x"} for name in self.names]
        page = {"items": self.notices, "next_cursor": "more" if self.more else None}
        answers: dict[str, Any] = {"watch": {"state": self.state}, "watchers": {"items": people}, "notices": page}
        answers["team-channels"] = {"items": [{"id": TEAM, "name": "<b>support</b>"}]}
        return web.json_response(answers.get(last, {"unread": 0}))


def with_ledger(people: Any = ()) -> Any:
    ticket = upstream_answers("Ada")
    now = {"sla_due_at": None, "sla_source": None, "sla_state": "breached"}
    context = {
        "org_id": PERSON, "ticket_id": PERSON, "number": 42, "priority": "high", "sla": now, "people": [],
        "as_of": "2026-03-03T10:05:00Z",
    }  # fmt: skip

    around: dict[str, Any] = {"sla": context, "views": VIEWS, "preferences": {}, "people": {"people": people}}

    async def answer(request: web.Request) -> web.StreamResponse:
        last = request.path.rpartition("/")[2]
        found = web.json_response(around[last]) if last in around else await ticket(request)
        assert isinstance(found, web.StreamResponse)
        return found

    return answer


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "at": "2026-03-03T10:02:00Z", "kind": "breached", "due_at": "2026-03-03T10:00:00Z", "previous_due_at": None,
        "rule": "due_time_passed", "actor_id": None, "notified": True, "reason": None, "confirmed": True,
        "lateness_ms": 3, "event_id": BREACH,
    } | fields  # fmt: skip


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The one entry of the ledger."""
    breach = entry()

    async def ledger(*_: Any) -> bytes:
        return json.dumps({"entries": [breach], "next": None}).encode()

    monkeypatch.setattr(MonitorClient, "ledger", ledger)
    return breach


@pytest.fixture
def people() -> list[dict[str, Any]]:
    """As the tickets service names them."""
    return [{"id": id_, "name": name, "active": True} for id_, name in ((MAYA, "Maya"), (JONAS, "Jonas"))]


@pytest.fixture
def window(telling: Any, upstream: Any, comments: Any, people: list[dict[str, Any]]) -> Visitor:
    upstream.answer, comments.answer = with_ledger(people), comments_by("Ada")
    return Visitor(telling.url, "brightside", PERSON, telling.token, SESSION_SECRET, origin=telling.url)  # type: ignore[arg-type]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).replace(" .", ".").replace(" ,", ",")


class TestWatching:
    @pytest.mark.parametrize(
        ("state", "pressed"), [(None, {}), ("watching", {"watching"}), ("muted", {"muted"})], ids=str
    )
    async def test_the_drawer_says_what_was_chosen(
        self, window: Visitor, notifications: Any, state: str | None, pressed: Any
    ) -> None:
        notifications.answer = Watching("Maya", "Jonas", "Ines", "Omar", state=state)
        page = await window.get(PATH)
        buttons = re.findall(r'aria-pressed="(\w+)"[^>]*data-watch="(\w+)"', page.html)
        assert {name for on, name in buttons if on == "true"} == set(pressed)
        assert "Watching: Maya, Jonas, Ines and 1 more" in words(page.html)
        assert "Omar" in page.html.partition('id="who-told"')[2]

    @pytest.mark.parametrize(
        ("chosen", "sent"),
        [("watching", ("PUT", '{"state":"watching"}')), ("muted", ("PUT", '{"state":"muted"}')), ("", ("DELETE", ""))],
    )
    async def test_a_choice_is_the_owners(self, window: Visitor, notifications: Any, chosen: str, sent: Any) -> None:
        notifications.answer = service = Watching()
        page = await window.post(f"{PATH}/watch", {"state": chosen})
        assert (page.status, service.changes) == (200, [sent])
        assert "Nobody watches this ticket." in page.html
        page = await window.post(f"{PATH}/watch", {"state": chosen}, fragment=False)
        assert (page.status, page.headers["Location"]) == (303, f"/en/org/brightside{PATH}")

    async def test_no_other_choice_is_passed_on(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = service = Watching()
        assert (await window.post(f"{PATH}/watch", {"state": "shouting"})).status == 400
        assert service.changes == []

    async def test_without_an_answer_the_ticket_stands(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = unavailable
        page = await window.get(PATH)
        assert page.status == 200
        assert "Who is told cannot be shown at the moment." in page.html
        assert "Nobody watches" not in page.html

    @pytest.mark.parametrize("part", ["watch", "notices"])
    async def test_names_stay_text(self, window: Visitor, notifications: Any, part: str) -> None:
        notifications.answer = Watching("Ada", notices=[notice("Ada")])
        plain = Outline((await window.get(f"{PATH}/{part}")).html)
        for name in PAYLOADS:
            notifications.answer = Watching(name, notices=[notice(name)])
            page = Outline((await window.get(f"{PATH}/{part}")).html)
            assert page.elements == plain.elements, name
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], name


class TestLedger:
    @pytest.fixture
    def deliveries(self, entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Of the breach, as the monitor has them: it knows people by id."""
        entries["deliveries"] = [
            {"channel_id": None, "recipient_id": one["recipient"]["id"]}
            | {name: one[name] for name in ("channel", "reason", "state", "at", "why")}
            for one in TOLD
        ]
        found: list[dict[str, Any]] = entries["deliveries"]
        return found

    @pytest.mark.usefixtures("deliveries")
    async def test_names_who_was_told_and_who_was_not(self, window: Visitor, notifications: Any) -> None:
        notifications.answer = unavailable  # it is not asked
        said = words((await window.get(LEDGER)).html)
        assert (
            "Published Mar 3, 2026, 10:02 AM UTC. Told: Maya (inbox, e-mail Mar 3, 2026, "
            "10:03 AM UTC). Not told: Jonas (muted)." in said.replace("\u202f", " ")
        )

    async def test_names_team_channels(
        self, window: Visitor, notifications: Any, deliveries: list[dict[str, Any]]
    ) -> None:
        team = {"recipient_id": None, "reason": "sla_breached", "channel": "team", "at": "2026-03-03T10:03:00Z"}
        deliveries += [
            team | {"channel_id": TEAM, "state": "sent", "why": None},
            team | {"channel_id": OLD_TEAM, "state": "failed", "why": "refused"},
        ]
        notifications.answer = Watching()
        html = (await window.get(LEDGER)).html
        said = words(html.replace("&lt;", "{").replace("&gt;", "}")).replace("\u202f", " ")
        assert ", {b}support{/b} (chat Mar 3, 2026, 10:03 AM UTC)." in said
        assert "Not told: Jonas (muted), a team channel (refused)." in said
        assert "<b>support" not in html

    async def test_without_a_delivery_it_says_neither_that_somebody_was_told_nor_that_nobody_was(
        self, window: Visitor
    ) -> None:
        html = (await window.get(LEDGER)).html
        assert "It is not known yet whether anybody was told." in html
        assert not any(claim in html for claim in ("Told:", "Nobody was told"))

    async def test_claims_nothing_while_deliveries_may_be_on_their_way(
        self, window: Visitor, entries: dict[str, Any]
    ) -> None:
        entries["at"] = "2026-03-03T10:04:01Z"
        said = words((await window.get(LEDGER)).html)
        assert "Published" in said
        assert "told" not in said.lower()

    async def test_names_stay_text(
        self, window: Visitor, deliveries: list[dict[str, Any]], people: list[dict[str, Any]]
    ) -> None:
        plain = Outline((await window.get(LEDGER)).html)
        assert deliveries
        for name in PAYLOADS:
            people[0]["name"] = name
            page = Outline((await window.get(LEDGER)).html)
            assert page.elements == plain.elements, name
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], name


class TestNotInstalled:
    @pytest.fixture
    async def window(self, start_gateway: Any, upstream: Any, comments: Any) -> Visitor:
        upstream.answer, comments.answer = with_ledger(), comments_by("Ada")
        gateway = await start_gateway(tickets_url=upstream.url, comments_url=comments.url, notifications_url=None)
        return Visitor(gateway.url, "brightside", PERSON, gateway.token, SESSION_SECRET)  # type: ignore[arg-type]

    @pytest.mark.parametrize("path", [PATH, LEDGER])
    async def test_pages_say_so(self, window: Visitor, path: str) -> None:
        page = await window.get(path)
        assert page.status == 200
        assert "No notices are sent in this installation." in page.html

    async def test_there_is_nothing_at_its_addresses(self, start_gateway: Any) -> None:
        gateway = await start_gateway(notifications_url=None)
        for path in ("/me/inbox", "/orgs/brightside/inbox", f"/orgs/brightside/tickets/{PERSON}/watch"):
            status, headers, _ = await gateway.call("GET", f"/api{path}")
            assert (status, headers["content-type"]) == (404, PROBLEM), path

    async def test_there_is_no_bell_and_no_inbox(self, window: Visitor, upstream: Any) -> None:
        async def empty(request: web.Request) -> web.Response:
            known: dict[str, Any] = {"support": support(), "views": VIEWS, "preferences": {}}
            return web.json_response(known[request.path.rpartition("/")[2]])

        upstream.answer = empty
        page = await window.get("/inbox", fragment=False)
        assert page.status == 404
        assert 'id="sidebar"' in page.html
        assert 'id="bell"' not in page.html


def test_notices_are_put_together_by_event_newest_first() -> None:
    def made(event_id: str, at: int, name: str | None) -> Notice:
        known = person(name) if name else None
        values = notice("", recipient=known, source_event_id=event_id, at=f"2026-03-03T10:0{at}:00Z")
        return msgspec.convert(values, Notice)

    found = grouped([made(BREACH, 3, None), made(EARLIER, 2, "Maya"), made(BREACH, 1, "Maya")])
    assert list(found) == [UUID(BREACH), UUID(EARLIER)]
    assert [recipient.person and recipient.person.name for recipient in found[UUID(BREACH)].notified] == ["Maya", None]
