"""The drawer over HTTP: what it shows to whom, activity, deleting and undoing."""

from __future__ import annotations

import re

from tests.system.conftest import Door, at, new_ticket, visitor


class TestOpening:
    async def test_a_fragment_for_scripts_and_a_page_for_everybody_else(self, door: Door):
        ticket, client = await new_ticket(door, title="Printer", description="It *burns*"), visitor(door, "member")
        fragment, page = await client.get(at(ticket)), await client.get(at(ticket), fragment=False)
        assert (fragment.status, page.status) == (200, 200)
        assert "<html" not in fragment.html
        assert '<dialog id="drawer" class="drawer"' in page.html
        assert re.search(r'<dialog id="drawer"[^>]* open>', page.html)
        for html in (fragment.html, page.html):
            assert "<em>burns</em>" in html
            assert ">Printer</h2>" in html
        assert page.headers["Cache-Control"] == "no-store"
        assert "HX-Request" in page.headers["Vary"]

    async def test_another_orgs_ticket_and_an_unknown_one_look_the_same(self, door: Door):
        ticket = await new_ticket(door, title="Ours alone")
        foreign = visitor(door, "owner", door.api.foreign)
        answers = [await foreign.get(f"/support/{number}") for number in (ticket["number"] + 10_000, 999_999)]
        assert [answer.status for answer in answers] == [404, 404]
        assert all("This ticket no longer exists" in answer.html for answer in answers)
        foreign.slug = "ours"
        hidden = await foreign.get(at(ticket))
        assert hidden.status == 404
        assert "Ours alone" not in hidden.html

    async def test_only_reachable_statuses_are_offered(self, door: Door):
        ticket = await new_ticket(door, status="closed")
        html = (await visitor(door, "member").get(at(ticket))).html
        offered = html[html.index('id="property-status"') : html.index('id="property-priority"')]
        assert re.findall(r'<option value="(\w+)"', offered) == ["open", "closed"]


class TestViewer:
    async def test_sees_text_instead_of_controls_and_is_refused(self, door: Door):
        ticket, viewer = await new_ticket(door), visitor(door, "viewer")
        html = (await viewer.get(at(ticket))).html
        assert not re.findall(r"<select|<textarea", html)
        # What they hear of it is theirs to choose.
        offered = re.findall(r'<form[^>]* action="([^"]+)"', html)
        assert {action.rpartition("/")[2] for action in offered} <= {"watch", "reminders"}
        assert html.count("<form") == len(offered)
        assert "You can read here" in html
        for path, form in ((at(ticket), {"status": "closed"}), (at(ticket, "/comments"), {"body": "x"})):
            answer = await viewer.post(path, form, version=1)
            assert (answer.status, answer.events["opsdash:toast"]["kind"]) == (403, "error")


class TestActivity:
    async def test_says_in_words_what_changed(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "member")
        await client.post(at(ticket), {"status": "in_progress", "assignee": str(door.api.ours.admin)}, version=1)
        text = re.sub(r"<[^>]+>", "", (await client.get(at(ticket, "/activity"))).html)
        assert "created the ticket" in text
        assert "Status: from Open to In progress" in text
        assert "Assignee: from Unassigned to admin of ours" in text


class TestDeleting:
    async def test_deleted_and_undone(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "admin")
        gone = await client.post(at(ticket, "/delete"), version=1)
        told = gone.events["opsdash:ticket-deleted"]
        assert (gone.status, told["text"]) == (200, f"Ticket #{ticket['number']} deleted")
        assert (await client.get(at(ticket))).status == 404
        back = await client.post(told["url"].removeprefix("/en/org/ours"))
        assert back.status == 200
        assert "opsdash:ticket-restored" in back.events
        assert (await client.get(at(ticket))).status == 200

    async def test_a_member_may_not_and_is_not_offered_it(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "member")
        assert at(ticket, "/delete") not in (await client.get(at(ticket))).html
        assert (await client.post(at(ticket, "/delete"), version=1)).status == 403
