"""A ticket's ledger: the tickets service decides who may see it, the monitor tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiohttp import web

from services.gateway.tests.conftest import MONITOR_TOKEN, PERSON, SESSION_SECRET, FakeUpstream, Gateway, StartGateway
from services.gateway.tests.console.ticket.test_ticket_page import support
from tests.support.web_clients import Visitor

ORG, TICKET = "0198c0de-0000-7000-8000-000000000001", "0198c0de-1111-7abc-8def-0000000000aa"
ADA, GONE = "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a01", "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a02"
TOLD = "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a03"
DUE = "2026-03-03T09:15:00Z"
CONTEXT = {
    "org_id": ORG, "ticket_id": TICKET, "number": 41, "priority": "high", "as_of": DUE,
    "sla": {"sla_due_at": DUE, "sla_source": "auto", "sla_state": "on_track"},
    "people": [{"id": ADA, "name": "Ada", "active": True}],
}  # fmt: skip


def entry(actor_id: str | None, **fields: object) -> dict[str, object]:
    return {
        "at": DUE, "kind": "scheduled", "due_at": DUE, "previous_due_at": None, "rule": "priority",
        "actor_id": actor_id, "notified": None, "reason": None, "confirmed": None,
        "lateness_ms": None, "event_id": None, **fields,
    }  # fmt: skip


def delivery(recipient_id: str | None, channel: str, state: str, why: str | None = None) -> dict[str, object]:
    return {
        "recipient_id": recipient_id, "channel_id": None, "channel": channel, "reason": "sla_breached",
        "state": state, "at": DUE, "why": why,
    }  # fmt: skip


class Behind:
    """Both services behind the gateway: tickets answers with `status`, the monitor with three entries."""

    def __init__(self, status: int = 200, more: Sequence[object] = ()) -> None:
        self.status, self.more = status, more

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/people"):
            return web.json_response({"people": [{"id": person, "name": "Maya", "active": True} for person in [TOLD]]})
        if request.path.startswith("/internal"):
            return web.json_response({"entries": [entry(ADA), entry(GONE), entry(None), *self.more], "next": None})
        if self.status == 200:
            return web.json_response(CONTEXT)
        return web.json_response({"type": "/problems/not-found"}, status=404, content_type="application/problem+json")


async def start(upstream: FakeUpstream, start_gateway: StartGateway, status: int = 200) -> Gateway:
    upstream.answer = Behind(status)
    return await start_gateway(tickets_url=upstream.url, sla_monitor_url=upstream.url)


class TestLedger:
    async def test_access_is_asked_first_with_the_users_token_then_the_monitor_with_ours(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        gateway = await start(upstream, start_gateway)
        status, _, body = await gateway.call("GET", "/api/orgs/brightside/tickets/41/sla")
        assert status == 200
        assert [path for _, path, _, _ in upstream.requests] == [
            "/orgs/brightside/tickets/41/sla", f"/internal/orgs/{ORG}/tickets/{TICKET}/ledger",
        ]  # fmt: skip
        tokens = [headers["authorization"] for _, _, headers, _ in upstream.requests]
        assert tokens == [f"Bearer {gateway.token}", f"Bearer {MONITOR_TOKEN}"]
        actors = [item["actor"] for item in json.loads(body)["entries"]]
        assert [actor and actor["name"] for actor in actors] == ["Ada", "Unknown", None]

    async def test_who_was_told_has_a_name_and_who_was_not_has_a_reason(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        told = [
            delivery(TOLD, "inbox", "sent"), delivery(ADA, "mail", "skipped", why="seen"),
            delivery(GONE, "mail", "sent"),
        ]  # fmt: skip
        upstream.answer = Behind(more=[entry(None, kind="breached", deliveries=told)])
        gateway = await start_gateway(tickets_url=upstream.url, sla_monitor_url=upstream.url)
        status, _, body = await gateway.call("GET", "/api/orgs/brightside/tickets/41/sla")
        assert status == 200
        found = json.loads(body)["entries"][-1]["deliveries"]
        assert [(item["recipient"]["name"], item["channel"], item["state"], item["why"]) for item in found] == [
            ("Maya", "inbox", "sent", None), ("Ada", "mail", "skipped", "seen"), ("Unknown", "mail", "sent", None),
        ]  # fmt: skip
        asked = next(sent for _, path, _, sent in upstream.requests if path.endswith("/people"))
        assert sorted(json.loads(asked)["ids"]) == sorted([TOLD, GONE])

    async def test_team_channels_have_the_names_that_the_notifications_service_says(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        known, unknown = "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a0a", "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a0b"
        told = [
            delivery(None, "team", "sent") | {"channel_id": known},
            delivery(None, "team", "failed", why="refused") | {"channel_id": unknown},
            delivery(ADA, "inbox", "sent"),
        ]
        behind = Behind(more=[entry(None, kind="breached", deliveries=told)])

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path.endswith("/team-channels"):
                return web.json_response({"items": [{"id": known, "name": "#support"}]})
            return await behind(request)

        upstream.answer = answer
        gateway = await start_gateway(
            tickets_url=upstream.url, sla_monitor_url=upstream.url, notifications_url=upstream.url
        )
        _, _, body = await gateway.call("GET", "/api/orgs/brightside/tickets/41/sla")
        found = json.loads(body)["entries"][-1]["deliveries"]
        assert [(item["channel_id"], item["channel_name"], item["recipient"]) for item in found[:2]] == [
            (known, "#support", None), (unknown, None, None),
        ]  # fmt: skip
        (asked,) = (path for _, path, _, _ in upstream.requests if "team-channels" in path)
        assert asked.startswith("/orgs/brightside/team-channels")
        without = await start_gateway(tickets_url=upstream.url, sla_monitor_url=upstream.url)
        _, _, body = await without.call("GET", "/api/orgs/brightside/tickets/41/sla")
        assert [item["channel_name"] for item in json.loads(body)["entries"][-1]["deliveries"]] == [None] * 3

    async def test_who_may_not_see_the_ticket_learns_nothing_from_the_monitor(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        gateway = await start(upstream, start_gateway, status=404)
        assert (await gateway.call("GET", "/api/orgs/brightside/tickets/41/sla"))[0] == 404
        assert len(upstream.requests) == 1

    async def test_an_absent_monitor_is_503_never_an_empty_ledger(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        upstream.answer = Behind()
        gateway = await start_gateway(tickets_url=upstream.url)
        assert (await gateway.call("GET", "/api/orgs/brightside/tickets/41/sla"))[0] == 503


class TestOnThePage:
    async def shown(self, upstream: FakeUpstream, start_gateway: StartGateway, **fields: object) -> str:
        breach = entry(None, kind="breached", rule="due_time_passed")

        async def behind(request: web.Request) -> web.StreamResponse:
            if request.path.startswith("/internal"):
                return web.json_response({"entries": [breach | fields], "next": None})
            return web.json_response(support() if request.path.endswith("/support") else CONTEXT)

        upstream.answer = behind
        gateway = await start_gateway(tickets_url=upstream.url, sla_monitor_url=upstream.url)
        page = await Visitor(gateway.url, "brightside", PERSON, gateway.token, SESSION_SECRET).get("/support/41/sla")
        assert page.status == 200
        return page.html

    async def test_a_published_breach_is_no_word_about_people_being_told(
        self, upstream: FakeUpstream, start_gateway: StartGateway
    ):
        html = await self.shown(upstream, start_gateway, notified=True)  # no delivery is known yet
        assert "Published" in html
        assert "notice" not in html
        assert "told" not in html.lower()

    async def test_nor_is_one_that_was_published_before(self, upstream: FakeUpstream, start_gateway: StartGateway):
        html = await self.shown(upstream, start_gateway, notified=False, reason="already_notified")
        assert "No second event was published" in html
        assert "told" not in html
