"""The list over HTTP: its rows and numbers, new tickets, changes of many at once, the CSV file."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.support.web_clients import Visitor
from tests.system.conftest import Door, at, current, new_ticket, visitor

WITH_SCRIPTS = {"key": "", "title": "A ticket", "priority": "high"}


@pytest.fixture
def member(door: Door) -> Visitor:
    return visitor(door, "member")


def word() -> str:
    """One that no other ticket has, so that a search finds those of a single test."""
    return f"w{uuid4().hex[:12]}"


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-number="(\d+)"', html)]


class TestCreating:
    async def test_the_answer_holds_the_row_and_the_numbers_and_tells_of_it(self, door: Door, member: Visitor):
        answer = await member.post("/support", {**WITH_SCRIPTS, "key": str(uuid4()), "title": "Printer"})
        assert answer.status == 201
        assert re.findall(r'<hx-partial hx-target="([^"]+)"', answer.html) == ["#rows", "#counts", "#usage"]
        made = answer.events["opsdash:ticket-created"]
        assert numbers(answer.html) == [made["number"]]
        assert answer.events["opsdash:toast"]["text"] == f"Ticket #{made['number']} created"
        stored = await current(door, made)
        assert (stored["title"], stored["priority"], stored["status"]) == ("Printer", "high", "open")

    async def test_the_same_form_sent_twice_makes_one_ticket(self, member: Visitor):
        form = {**WITH_SCRIPTS, "key": str(uuid4())}
        first, second = [await member.post("/support", form) for _ in range(2)]
        assert (first.status, second.status) == (201, 201)
        assert first.events["opsdash:ticket-created"] == second.events["opsdash:ticket-created"]

    async def test_another_form_comes_with_it_when_one_was_asked_for(self, member: Visitor):
        answer = await member.post("/support", {**WITH_SCRIPTS, "key": str(uuid4()), "another": "1"})
        assert answer.events["opsdash:ticket-created"]["another"] is True
        assert 'name="title" maxlength="200" required value=""' in answer.html
        assert '<option value="high" data-hours="24" selected>' in answer.html

    async def test_wrong_values_come_back_with_their_messages(self, member: Visitor):
        for field, wrong, message in (
            ("title", " ", "Give the ticket a title."),
            ("title", "x" * 201, "This is too long."),
            ("contact", "Nobody at all", "This is not in the workspace. Choose one of the list."),
            ("due", "2001-01-01T00:00", "Choose a moment in the future."),
            ("due", "tomorrow", "This is not a date and time."),
        ):
            form = {"title": "Fine", "description": "Kept & safe", field: wrong}
            answer = await member.post("/support", form)
            assert answer.status == 422, wrong
            assert re.search(rf'id="error-{field}">.*{message}</p>', answer.html), wrong
            assert "Kept &amp; safe</textarea>" in answer.html

    async def test_without_scripts_it_leads_to_the_ticket(self, member: Visitor):
        answer = await member.post("/support", WITH_SCRIPTS, fragment=False)
        assert answer.status == 303
        assert re.fullmatch(r"/en/org/ours/support/\d+", answer.headers["Location"])
        page = await member.get("/support/new", fragment=False)
        assert (page.status, "<html" in page.html, 'id="new-ticket"' in page.html) == (200, True, True)

    async def test_contacts_are_found_by_part_of_their_name(self, door: Door, member: Visitor):
        everybody = await member.get("/support/contacts")
        assert f'data-id="{door.api.ours.contact}"' in everybody.html
        assert "<option" not in (await member.get(f"/support/contacts?contact={word()}")).html


class TestRows:
    async def test_the_next_ones_come_after_a_cursor(self, door: Door, member: Visitor):
        sought = word()
        made = [(await new_ticket(door, title=f"{sought} {number}"))["number"] for number in range(27)]
        first = await member.get(f"/support?q={sought}")
        more = re.search(r'hx-get="/en/org/ours(/support/rows\?[^"]+)"', first.html)
        assert more
        assert numbers(first.html) == made[:1:-1]
        rest = await member.get(more[1].replace("&amp;", "&"))
        assert numbers(rest.html) == made[1::-1]
        assert "Showing 27 of 27" in rest.html

    async def test_an_old_cursor_starts_again_from_the_top(self, member: Visitor):
        answer = await member.get("/support/rows?cursor=of-last-year")
        assert (answer.status, answer.html) == (409, "")
        assert "opsdash:list-stale" in answer.events
        assert "starts from the top" in answer.events["opsdash:toast"]["text"]

    async def test_one_says_when_the_list_has_it_no_more(self, door: Door, member: Visitor):
        ticket = await new_ticket(door)
        here = await member.get(at(ticket, "/row"))
        assert (here.status, numbers(here.html)) == (200, [ticket["number"]])
        assert "No longer in this list" not in here.html
        assert "No longer in this list" in (await member.get(at(ticket, "/row?view=done"))).html


class TestNumbers:
    async def test_the_sidebar_is_counted_anew(self, member: Visitor):
        answer = await member.get("/support/counts")
        assert answer.status == 200
        assert re.findall(r'data-view="(\w+)"', answer.html) == ["active", "mine", "unassigned", "breached", "done"]
        assert "aria-current" not in answer.html
        assert '<hx-partial hx-target="#usage"' in answer.html

    async def test_new_tickets_count_when_the_list_would_show_them(self, door: Door, member: Visitor):
        sought = word()
        made = [await new_ticket(door, title=sought, priority=priority) for priority in ("urgent", "low", "low")]
        ids = ",".join(ticket["id"] for ticket in made)
        for query, text in (
            (f"q={sought}", "3 new tickets"),
            (f"q={sought}&priority=low", "2 new tickets"),
            ("priority=urgent", "1 new ticket"),
        ):
            shown = await member.get(f"/support/fresh?{query}&ids={ids}")
            assert (shown.status, f">{text}</button>" in shown.html, " hidden" in shown.html) == (200, True, False)

    @pytest.mark.parametrize(
        "query", ["", "ids=", "ids=nonsense", "ids=ffffffff-ffff-7fff-bfff-ffffffffffff", "view=done"]
    )
    async def test_there_is_no_pill_without_them(self, member: Visitor, query: str):
        shown = await member.get(f"/support/fresh?{query}")
        assert (shown.status, " hidden>" in shown.html) == (200, True)


def taken_back(ticket_id: str) -> str:
    """A ticket that was open before one closed it."""
    change = {"id": ticket_id, "version": 7, "before": {"status": "open"}, "after": {"status": "closed"}}
    return json.dumps([change])


class TestManyAtOnce:
    async def test_they_change_and_those_that_cannot_stay_selected(self, door: Door, member: Visitor):
        open_one, closed = await new_ticket(door), await new_ticket(door, status="closed")
        unknown = str(uuid4())
        ids = ",".join([open_one["id"], closed["id"], unknown])
        answer = await member.post("/support/bulk", {"ids": ids, "status": "waiting"})
        assert answer.status == 200
        told = answer.events["opsdash:bulk-done"]
        assert set(told["failed"]) == {closed["id"], unknown}
        assert (told["kind"], told["text"].startswith("1 ticket changed. 2 were not:")) == ("error", True)
        assert numbers(answer.html) == [open_one["number"]]
        assert (await current(door, open_one))["status"] == "waiting"

    async def test_nobody_can_be_assigned_again(self, door: Door, member: Visitor):
        ticket = await new_ticket(door, assignee_id=str(door.api.ours.admin))
        answer = await member.post("/support/bulk", {"ids": ticket["id"], "assignee": "none"})
        told = answer.events["opsdash:bulk-done"]
        assert (told["kind"], told["text"], told["after"]) == ("success", "1 ticket changed.", {"assignee": ""})
        assert (await current(door, ticket))["assignee"] is None

    @pytest.mark.parametrize(
        "form", [{}, {"ids": "", "status": "open"}, {"ids": "x", "status": "open"}, {"ids": str(uuid4())}]
    )
    async def test_what_names_no_tickets_or_no_change_is_refused(self, member: Visitor, form: dict[str, str]):
        assert (await member.post("/support/bulk", form)).status == 400


class TestTakenBack:
    @pytest.mark.parametrize("changes", ["", "[]", "{}", "[1]", '[{"id": "x"}]'])
    async def test_what_names_no_changes_is_refused(self, member: Visitor, changes: str):
        assert (await member.post("/support/undo", {"changes": changes})).status == 400

    async def test_what_is_not_what_one_has_made_of_it_stays(self, door: Door, member: Visitor):
        ticket = await new_ticket(door, status="waiting")
        answer = await member.post("/support/undo", {"changes": taken_back(ticket["id"])})
        assert answer.events["opsdash:toast"]["kind"] == "error"
        assert (await current(door, ticket))["status"] == "waiting"

    async def test_tickets_of_others_stay_as_they_are(self, door: Door):
        ticket = await new_ticket(door, status="closed")
        stranger = visitor(door, "owner", door.api.foreign)
        answer = await stranger.post("/support/undo", {"changes": taken_back(ticket["id"])})
        assert answer.events["opsdash:toast"]["kind"] == "error"
        assert (await current(door, ticket))["status"] == "closed"


class TestFile:
    async def test_it_holds_the_tickets_of_the_list_as_text(self, door: Door, member: Visitor):
        sought = word()
        await new_ticket(door, title=f"=SUM(1) {sought}", priority="low")
        await new_ticket(door, title=f"Other {sought}", priority="urgent")
        answer = await member.get(f"/support/tickets.csv?q={sought}&priority=low", fragment=False)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer.headers["Content-Disposition"]
        lines = answer.html.strip().splitlines()
        assert len(lines) == 2
        assert f"'=SUM(1) {sought}" in lines[1]

    async def test_of_an_empty_list_it_has_its_head_alone(self, member: Visitor):
        answer = await member.get("/support/tickets.csv?view=mine&assignee=none", fragment=False)
        assert (answer.status, len(answer.html.strip().splitlines())) == (200, 1)


GETS = ("/support", "/support/new", "/support/rows", "/support/counts", "/support/fresh", "/support/contacts",
        "/support/tickets.csv", "/support/1/row", "/dashboard")  # fmt: skip
POSTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/support", WITH_SCRIPTS),
    ("/support/bulk", {"ids": str(uuid4()), "status": "closed"}),
    ("/support/undo", {"changes": taken_back(str(uuid4()))}),
)


class TestOutsiders:
    @pytest.mark.parametrize("slug", ["ours", "nowhere"])
    async def test_an_org_of_others_and_an_unknown_one_are_not_found(self, door: Door, slug: str):
        stranger = visitor(door, "owner", door.api.foreign)
        stranger.slug = slug
        for path in GETS:
            assert (await stranger.get(path)).status == 404, path
            assert (await stranger.get(path, fragment=False)).status == 404, path
        for path, form in POSTS:
            assert (await stranger.post(path, form)).status == 404, path

    async def test_tickets_of_others_cannot_be_changed_along(self, door: Door):
        ticket = await new_ticket(door)
        stranger = visitor(door, "owner", door.api.foreign)
        answer = await stranger.post("/support/bulk", {"ids": ticket["id"], "status": "closed"})
        told = answer.events["opsdash:bulk-done"]
        assert (told["failed"], told["changed"]) == ([ticket["id"]], [])
        assert (await current(door, ticket))["status"] == "open"

    async def test_viewers_read_everything_and_change_nothing(self, door: Door):
        await new_ticket(door)
        viewer = visitor(door, "viewer")
        for path in GETS:
            if path != "/support/new":
                assert (await viewer.get(path)).status == 200, path
        for path, form in POSTS:
            assert (await viewer.post(path, form)).status == 403, path
        assert (await viewer.get("/support/new")).status == 403
        page = await viewer.get("/support", fragment=False)
        assert not re.search("data-new-ticket|data-select|/support/bulk", page.html)

    @pytest.mark.parametrize(
        "headers", [{"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}, {"Origin": "https://evil.example"}]
    )
    async def test_without_the_pages_token_nothing_is_changed(
        self, door: Door, member: Visitor, headers: dict[str, str]
    ):
        ticket = await new_ticket(door)
        for path, form in (*POSTS, (at(ticket), {"status": "closed"}), (at(ticket, "/comments"), {"body": "x"})):
            assert (await member.post(path, form, **headers)).status == 403, path
        assert (await current(door, ticket))["version"] == 1
