"""A person's own reminders in a ticket: shown, set at the moments at hand, removed, refused, and the service away."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from opsdash_gateway.console.ticket.reminders import moment_for

from services.gateway.tests.console.dashboard.test_dashboard import VIEWS
from services.gateway.tests.console.settings.conftest import problem
from services.gateway.tests.console.ticket.test_ticket_page import (
    PATH,
    PERSON,
    SESSION_SECRET,
    comments_by,
    support,
    unavailable,
    upstream_answers,
)
from tests.support.hostile_text import PAYLOADS, active_content
from tests.support.web_clients import Outline, Visitor

REMINDER = "33333333-3333-4333-8333-333333333333"
REMINDERS = f"{PATH}/reminders"
UPSTREAM = "/orgs/brightside/tickets/42/reminders"
ONE = f"/orgs/brightside/reminders/{REMINDER}"


def reminder(note: str | None = "Ask again", **fields: Any) -> dict[str, Any]:
    return {
        "id": REMINDER, "ticket": {"id": PERSON, "number": 42}, "at": "2126-03-03T10:00:00Z", "note": note,
        "created_at": "2026-03-03T10:00:00Z", "version": 3,
    } | fields  # fmt: skip


class Reminding:
    """Answers as the notifications service, and remembers what it was asked to do with which headers."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = items
        self.refusal: web.Response | None = None
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        if request.method in {"POST", "DELETE"}:
            text = await request.text()
            sent = {name: request.headers[name] for name in ("If-Match", "Idempotency-Key") if name in request.headers}
            self.asked.append((request.method, request.path, json.loads(text) if text else None, sent))
            if self.refusal is not None:
                return self.refusal
            return web.json_response(reminder(), status=201) if request.method == "POST" else web.Response(status=204)
        answers: dict[str, Any] = {
            "reminders": {"items": self.items}, "watch": {"state": None}, "watchers": {"items": []},
        }  # fmt: skip
        return web.json_response(answers.get(request.path.rpartition("/")[2], {"unread": 0}))


@pytest.fixture
def window(telling: Any, upstream: Any, comments: Any) -> Visitor:
    ticket = upstream_answers("Ada")
    around: dict[str, Any] = {"views": VIEWS, "preferences": {}, "support": support()}

    async def answer(request: web.Request) -> web.StreamResponse:
        last = request.path.rpartition("/")[2]
        found: web.StreamResponse = web.json_response(around[last]) if last in around else await ticket(request)
        return found

    upstream.answer, comments.answer = answer, comments_by("Ada")
    return Visitor(telling.url, "brightside", PERSON, telling.token, SESSION_SECRET, origin=telling.url)  # type: ignore[arg-type]


class TestMoments:
    #: A Saturday in Madrid, where it is an hour later; in Honolulu it is still Friday.
    NOW = datetime(2026, 3, 6, 23, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("when", "zone", "at"),
        [
            ("hour", "Europe/Madrid", "2026-03-07T00:30:00+00:00"),
            ("tomorrow", "Europe/Madrid", "2026-03-08T08:00:00+00:00"),
            ("tomorrow", "", "2026-03-07T09:00:00+00:00"),
            ("tomorrow", "Pacific/Honolulu", "2026-03-07T19:00:00+00:00"),
            ("monday", "Europe/Madrid", "2026-03-09T08:00:00+00:00"),
            ("monday", "Pacific/Honolulu", "2026-03-09T19:00:00+00:00"),
        ],
    )
    def test_are_of_the_readers_day(self, when: str, zone: str, at: str):
        assert moment_for(when, "", zone, self.NOW).isoformat() == at

    def test_on_a_monday_the_next_one_is_a_week_ahead(self):
        monday = datetime(2026, 3, 9, 8, tzinfo=UTC)
        assert moment_for("monday", "", "", monday) == datetime(2026, 3, 16, 9, tzinfo=UTC)

    def test_over_a_change_of_the_clock_nine_stays_nine(self):
        saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
        assert moment_for("tomorrow", "", "Europe/Madrid", saturday) == datetime(2026, 3, 29, 7, tzinfo=UTC)

    def test_an_own_one_is_what_the_readers_clock_shows(self):
        assert moment_for("own", "2026-07-01T18:15", "Europe/Madrid", self.NOW) == datetime(
            2026, 7, 1, 16, 15, tzinfo=UTC
        )

    @pytest.mark.parametrize(
        ("when", "own"), [("own", ""), ("own", "soon"), ("own", "2026-07-01T18:15Z"), ("never", ""), ("", "")]
    )
    def test_anything_else_is_none(self, when: str, own: str):
        with pytest.raises(ValueError, match=r"no such moment|has a zone|isoformat"):
            moment_for(when, own, "", self.NOW)


class TestShown:
    async def test_each_with_its_time_and_note(self, window: Visitor, notifications: Any):
        notifications.answer = Reminding(reminder(), reminder(None, id=PERSON))
        html = (await window.get(PATH)).html
        part = html.partition('id="ticket-reminders"')[2].partition("</aside>")[0]
        assert part.count("<li ") == 2
        assert '<time datetime="2126-03-03T10:00:00+00:00"' in part
        assert ">Ask again</bdi>" in part

    async def test_without_the_service_nothing_is_offered(
        self, start_gateway: Any, upstream: Any, comments: Any, window: Visitor
    ):
        gateway = await start_gateway(tickets_url=upstream.url, comments_url=comments.url, notifications_url=None)
        alone = Visitor(gateway.url, "brightside", PERSON, gateway.token, SESSION_SECRET, origin=gateway.url)  # type: ignore[arg-type]
        page = await alone.get(PATH)
        assert (page.status, "Remind me" in page.html) == (200, False)

    async def test_while_it_is_away_the_ticket_stands(self, window: Visitor, notifications: Any):
        notifications.answer = unavailable
        page = await window.get(PATH)
        assert page.status == 200
        assert "They cannot be shown at the moment." in page.html.partition('id="ticket-reminders"')[2]

    async def test_what_people_typed_stays_text(self, window: Visitor, notifications: Any):
        notifications.answer = Reminding(reminder("x"))
        plain = Outline((await window.get(REMINDERS)).html)
        for text in PAYLOADS:
            notifications.answer = Reminding(reminder(text))
            page = Outline((await window.get(REMINDERS)).html)
            assert page.elements == plain.elements, text
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], text


class TestSetting:
    @pytest.mark.parametrize(("note", "sent"), [("Ask again", "Ask again"), ("", None)])
    async def test_sends_the_moment_in_utc_with_the_key_of_the_attempt(
        self, window: Visitor, notifications: Any, note: str, sent: str | None
    ):
        notifications.answer = service = Reminding(reminder())
        form = {"when": "own", "at": "2126-07-01T18:15", "note": note}
        zone = {"Cookie": window.cookie() + "; opsdash-zone=Europe/Madrid", "Idempotency-Key": "k1"}
        page = await window.post(REMINDERS, form, version=7, **zone)
        body = {"at": "2126-07-01T16:15:00+00:00", "note": sent}
        assert service.asked == [("POST", UPSTREAM, body, {"Idempotency-Key": "k1"})]
        toast = page.events["opsdash:toast"]
        assert toast["text"] == "You will be reminded: {moment0}"
        assert toast["moments"] == {"moment0": "2126-03-03T10:00:00+00:00"}
        assert f'id="reminder-{REMINDER}"' in page.html

    async def test_in_one_hour_is_that(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding()
        before = datetime.now(UTC)
        await window.post(REMINDERS, {"when": "hour", "note": ""})
        at = datetime.fromisoformat(service.asked[0][2]["at"])
        assert before <= at - timedelta(hours=1) <= datetime.now(UTC)

    async def test_without_scripts_the_ticket_comes_back(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding()
        page = await window.post(REMINDERS, {"when": "tomorrow"}, fragment=False)
        assert (page.status, page.headers["Location"]) == (303, f"/en/org/brightside{PATH}")
        assert len(service.asked) == 1


class TestRefusals:
    @pytest.mark.parametrize("fragment", [True, False])
    async def test_of_no_moment_keep_what_was_typed(self, window: Visitor, notifications: Any, fragment: bool):
        notifications.answer = service = Reminding()
        form = {"when": "own", "at": "soon", "note": "Ask <again>"}
        page = await window.post(REMINDERS, form, fragment=fragment)
        assert (page.status, service.asked) == (422, [])
        assert "This is not a date and time." in page.html
        assert 'value="Ask &lt;again&gt;"' in page.html
        assert 'value="own" checked' in page.html

    @pytest.mark.parametrize(
        ("code", "status", "errors", "text"),
        [
            ("validation", 400, [("/at", "in-the-past")], "Choose a moment in the future."),
            ("validation", 400, [("/at", "too-far")], "Choose a moment within the next year."),
            ("validation", 400, [("/note", "too-long")], "This is too long."),
            ("too-many-reminders", 409, [], "You have as many reminders as may be."),
        ],
    )
    async def test_of_the_service_stand_in_the_form(
        self, window: Visitor, notifications: Any, code: str, status: int, errors: list[tuple[str, str]], text: str
    ):
        notifications.answer = service = Reminding()
        service.refusal = problem(code, status, *errors)
        page = await window.post(REMINDERS, {"when": "own", "at": "2020-01-01T10:00"})
        assert (page.status, text in page.html) == (422, True)
        assert 'value="2020-01-01T10:00"' in page.html

    async def test_a_ticket_that_is_gone_is_told_with_a_toast(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding()
        service.refusal = problem("not-found", 404)
        page = await window.post(REMINDERS, {"when": "hour"})
        assert (page.status, page.events["opsdash:toast"]["kind"]) == (404, "error")


class TestRemoving:
    async def test_is_of_the_version_that_was_seen(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding()
        page = await window.post(f"{REMINDERS}/{REMINDER}/remove", version=3)
        assert service.asked == [("DELETE", ONE, None, {"If-Match": '"3"'})]
        assert (page.status, page.events["opsdash:toast"]["text"]) == (200, "Reminder removed")
        page = await window.post(f"{REMINDERS}/{REMINDER}/remove", {"version": "4"}, fragment=False)
        assert (service.asked[1][3], page.status) == ({"If-Match": '"4"'}, 303)

    async def test_one_that_was_told_meanwhile_is_gone(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding()
        service.refusal = problem("not-found", 404)
        page = await window.post(f"{REMINDERS}/{REMINDER}/remove", version=3)
        assert (page.status, page.events["opsdash:toast"]["kind"]) == (200, "success")

    async def test_one_that_was_moved_meanwhile_is_shown_anew(self, window: Visitor, notifications: Any):
        notifications.answer = service = Reminding(reminder(version=4))
        service.refusal = problem("stale-version", 412)
        page = await window.post(f"{REMINDERS}/{REMINDER}/remove", version=3)
        assert (page.status, page.events["opsdash:toast"]["kind"]) == (412, "error")
