"""Changes from the drawer: one answer for every part, conflicts that lose nothing, refusals where they belong."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.system.conftest import Door, at, current, new_ticket, visitor


class TestChanging:
    async def test_one_answer_holds_properties_quick_action_text_and_row(self, door: Door):
        ticket = await new_ticket(door)
        answer = await visitor(door, "member").post(
            at(ticket), {"status": "resolved", "seen.status": "open"}, version=1
        )
        assert answer.status == 200
        targets = re.findall(r'<hx-partial hx-target="([^"]+)"', answer.html)
        assert targets == [
            "#ticket-properties", "#ticket-quick", "#ticket-text", "#comment-count", f"#ticket-{ticket['id']}"
        ]  # fmt: skip
        assert "Reopen" in answer.html
        assert list(answer.events) == ["opsdash:ticket-changed"]
        told = answer.events["opsdash:ticket-changed"]
        assert (told["id"], told["number"], told["said"]) == (ticket["id"], ticket["number"], "Saved. Status: Resolved")
        assert (told["version"], told["before"], told["after"]) == (2, {"status": "open"}, {"status": "resolved"})
        assert (await current(door, ticket))["status"] == "resolved"

    async def test_priority_leaves_the_due_time_and_a_recompute_moves_it_after_a_dry_run(self, door: Door):
        ticket, client = await new_ticket(door, priority="low"), visitor(door, "member")
        await client.post(at(ticket), {"priority": "urgent"}, version=1)
        assert (await current(door, ticket))["sla_due_at"] == ticket["sla_due_at"]
        shown = await client.post(at(ticket, "/recompute"), {"dry_run": "true"}, version=2)
        assert shown.status == 200
        assert "Set the due time" in shown.html
        assert (await current(door, ticket))["sla_due_at"] == ticket["sla_due_at"]
        await client.post(at(ticket, "/recompute"), version=2)
        assert (await current(door, ticket))["sla_due_at"] < ticket["sla_due_at"]

    @pytest.mark.parametrize(
        ("field", "value"), [("assignee", "assignee"), ("contact", "contact"), ("project", "project")]
    )
    async def test_links_are_set_and_taken_away(self, door: Door, field: str, value: str):
        ticket, client, ours = await new_ticket(door), visitor(door, "member"), door.api.ours
        wanted = ours.admin if value == "assignee" else getattr(ours, value)
        assert (await client.post(at(ticket), {field: str(wanted)}, version=1)).status == 200
        assert (await current(door, ticket))[field]["id"] == str(wanted)
        assert (await client.post(at(ticket), {field: ""}, version=2)).status == 200
        assert (await current(door, ticket))[field] is None

    async def test_a_stale_version_refreshes_everything_and_names_who_was_faster(self, door: Door):
        ticket = await new_ticket(door)
        await visitor(door, "admin").post(at(ticket), {"priority": "urgent"}, version=1)
        answer = await visitor(door, "member").post(at(ticket), {"status": "waiting"}, version=1)
        assert answer.status == 412
        told = answer.events["opsdash:toast"]
        assert told["kind"] == "error"
        assert told["text"].startswith("admin of ours changed this ticket")
        assert '<option value="urgent" selected>' in answer.html
        assert 'data-version="2"' in answer.html
        assert (await current(door, ticket))["status"] == "open"

    async def test_a_change_of_something_else_is_no_reason_to_refuse_one_that_tells_what_was_seen(self, door: Door):
        ticket = await new_ticket(door)
        await visitor(door, "admin").post(at(ticket), {"priority": "urgent"}, version=1)
        form = {"status": "waiting", "seen.status": "open"}
        assert (await visitor(door, "member").post(at(ticket), form, version=1)).status == 200
        now = await current(door, ticket)
        assert (now["status"], now["priority"], now["version"]) == ("waiting", "urgent", 3)

    @pytest.mark.parametrize("name", ["due", "text"])
    async def test_a_change_of_the_same_thing_is_refused_whatever_it_is(self, door: Door, name: str):
        ticket = await new_ticket(door)
        theirs, mine, seen = {
            "due": (
                {"sla_due_at": "2030-01-02T03:04:05Z"},
                {"sla_due_at": "2031-01-02T03:04:05Z"},
                {"seen.sla_due_at": ticket["sla_due_at"].replace("Z", "+00:00")},
            ),
            "text": ({"description": "a\nb"}, {"description": "c"}, {"seen.description": ticket["description"]}),
        }[name]
        await visitor(door, "admin").post(at(ticket), theirs, version=1)
        assert (await visitor(door, "member").post(at(ticket), mine | seen, version=1)).status == 412
        now = {"seen.sla_due_at": "2030-01-02T03:04:05+00:00", "seen.description": "a\r\nb"}
        seen_now = {name: now[name] for name in seen}
        assert (await visitor(door, "member").post(at(ticket), mine | seen_now, version=1)).status == 200

    async def test_an_edit_that_was_overtaken_never_replaces_the_form(self, door: Door):
        ticket = await new_ticket(door)
        await visitor(door, "admin").post(at(ticket), {"priority": "urgent"}, version=1)
        answer = await visitor(door, "member").post(
            at(ticket, "/edit"), {"title": "Mine", "description": ""}, version=1
        )
        assert answer.status == 412
        assert re.sub(r"(?s)<hx-partial.*?</hx-partial>", "", answer.html).strip() == ""

    async def test_wrong_text_comes_back_with_the_form_and_what_was_typed(self, door: Door):
        ticket = await new_ticket(door)
        form = {"title": " ", "description": "kept <b> & typed"}
        answer = await visitor(door, "member").post(at(ticket, "/edit"), form, version=1)
        assert answer.status == 422
        assert "kept &lt;b&gt; &amp; typed" in answer.html
        assert 'aria-invalid="true"' in answer.html
        assert "This cannot be empty." in answer.html

    @pytest.mark.parametrize("form", [{"title": " "}, {"description": "kept", "status": "no such status"}])
    async def test_what_was_not_sent_stands_in_the_form_as_the_ticket_has_it(self, door: Door, form: dict[str, str]):
        ticket = await new_ticket(door, title="Its own title", description="kept")
        answer = await visitor(door, "member").post(at(ticket, "/edit"), form, version=1)
        assert answer.status == 422
        assert ">\nkept</textarea>" in answer.html
        assert f'value="{form.get("title", "Its own title")}"' in answer.html

    async def test_a_move_that_is_not_allowed_refreshes_the_page(self, door: Door):
        ticket = await new_ticket(door, status="closed")
        answer = await visitor(door, "member").post(at(ticket), {"status": "waiting"}, version=1)
        assert answer.status == 409
        assert "#ticket-properties" in answer.html

    async def test_a_past_due_time_is_refused_beside_its_field(self, door: Door):
        ticket = await new_ticket(door)
        answer = await visitor(door, "member").post(at(ticket), {"sla_due_at": "2020-01-01T00:00:00Z"}, version=1)
        assert answer.status == 422
        assert 'hx-target="#sla-error"' in answer.html
        assert "future" in answer.html

    @pytest.mark.parametrize(
        ("rest", "form"),
        [("", {"sla_due_at": ""}), ("", {"sla_due_at": "2035-01-01T00:00:00Z"}), ("/recompute", {"dry_run": "true"})],
    )
    async def test_the_due_time_of_a_finished_ticket_is_not_offered_and_its_change_is_refused(
        self, door: Door, rest: str, form: dict[str, str]
    ):
        ticket, client = await new_ticket(door), visitor(door, "member")
        assert 'popovertarget="sla-edit"' in (await client.get(at(ticket))).html
        resolved = (await client.post(at(ticket), {"status": "resolved"}, version=1)).html
        assert 'popovertarget="sla-ledger"' in resolved
        assert "sla-edit" not in resolved
        assert "Reopen the ticket to change its due time." in resolved
        answer = await client.post(at(ticket, rest), form, version=2)
        assert answer.status == 409
        assert "#ticket-properties" in answer.html
        assert answer.events["opsdash:toast"]["text"].startswith("This ticket is resolved or closed")
        assert "sla-edit" in (await client.post(at(ticket), {"status": "open"}, version=2)).html

    async def test_the_same_attempt_twice_changes_once(self, door: Door):
        ticket, client, key = await new_ticket(door), visitor(door, "member"), str(uuid4())
        for _ in range(2):
            answer = await client.post(at(ticket), {"status": "waiting"}, version=1, **{"Idempotency-Key": key})
            assert answer.status == 200
        assert (await current(door, ticket))["version"] == 2

    async def test_a_browser_without_scripts_is_sent_back_to_the_ticket(self, door: Door):
        ticket = await new_ticket(door)
        answer = await visitor(door, "member").post(at(ticket), {"status": "waiting", "version": "1"}, fragment=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"/en/org/ours{at(ticket)}")

    async def test_a_request_without_our_token_changes_nothing(self, door: Door):
        ticket = await new_ticket(door)
        answer = await visitor(door, "owner").post(at(ticket), {"status": "closed"}, **{"X-CSRF-Token": "wrong"})
        assert answer.status == 403
        assert (await current(door, ticket))["status"] == "open"
