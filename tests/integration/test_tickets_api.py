"""The tickets API on real PostgreSQL: create, read, list, change, delete."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.stacks import Api


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body["errors"]]


class TestCreate:
    async def test_fills_in_what_is_not_given(self, api: Api):
        ticket = await api.as_("member").create_ticket("ours", "Only a title")
        due = datetime.fromisoformat(ticket["sla_due_at"]) - datetime.fromisoformat(ticket["created_at"])
        assert due == timedelta(hours=72)
        assert (ticket["status"], ticket["priority"], ticket["category"]) == ("open", "medium", "general")
        assert (ticket["sla_source"], ticket["sla_state"], ticket["version"]) == ("auto", "on_track", 1)
        assert ticket["created_by"] == {"id": str(api.ours.member), "name": "member of ours", "active": True}

    async def test_answers_201_with_location_and_etag(self, api: Api):
        answer = await api.as_("member").call("POST", api.path, {"title": "Located"})
        assert answer.status == 201
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Location"] == f"/api/orgs/ours/tickets/{answer.body['id']}"

    @pytest.mark.parametrize("blank", [None, ""])
    async def test_blank_due_date_is_filled_from_priority(self, api: Api, blank: str | None):
        ticket = await api.as_("member").create_ticket("ours", priority="urgent", sla_due_at=blank)
        assert ticket["sla_source"] == "auto"

    async def test_given_due_date_is_manual_and_kept(self, api: Api):
        due = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
        ticket = await api.as_("member").create_ticket("ours", sla_due_at=due.isoformat())
        assert (datetime.fromisoformat(ticket["sla_due_at"]), ticket["sla_source"]) == (due, "manual")

    async def test_numbers_count_up_in_each_org_on_its_own_also_under_load(self, api: Api):
        client, other = api.as_("member"), api.as_("member", api.foreign)
        before = (await client.create_ticket("ours"))["number"]
        made = await asyncio.gather(*(client.create_ticket("ours") for _ in range(20)))
        assert sorted(ticket["number"] for ticket in made) == list(range(before + 1, before + 21))
        assert (await other.create_ticket("foreign"))["number"] < before

    async def test_links_names_from_the_directory(self, api: Api):
        ticket = await api.as_("member").create_ticket(
            "ours", assignee_id=str(api.ours.admin), contact_id=str(api.ours.contact), project_id=str(api.ours.project)
        )
        assert ticket["assignee"]["name"] == "admin of ours"
        assert ticket["contact"]["company"] == {"id": str(api.ours.company), "name": "Company ours", "active": True}
        assert ticket["project"]["name"] == "Project ours"

    async def test_a_terminal_status_at_creation_is_stamped(self, api: Api):
        ticket = await api.as_("member").create_ticket("ours", status="closed")
        assert ticket["resolved_at"] == ticket["closed_at"] == ticket["created_at"]
        assert ticket["sla_state"] == "met"


KEYED_OR_NOT = pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])


def headers(keyed: bool) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())} if keyed else {}


@KEYED_OR_NOT
class TestCreated:
    async def test_the_answer_is_what_a_reader_gets(self, api: Api, keyed: bool):
        client, ours = api.as_("member"), api.ours
        linked = {"assignee_id": str(ours.admin), "contact_id": str(ours.contact), "project_id": str(ours.project)}
        due = (datetime.now(UTC) + timedelta(days=2)).astimezone(timezone(timedelta(hours=2))).isoformat()
        for fields in ({}, linked, {"sla_due_at": due, "status": "closed", "description": "ä"}):
            made = await client.call("POST", api.path, {"title": "Read again", **fields}, **headers(keyed))
            assert made.status == 201
            assert (await client.call("GET", f"{api.path}/{made.body['id']}")).body == made.body

    async def test_its_event_has_its_number_and_its_words(self, api: Api, keyed: bool):
        title = 'A "number":1, and another "number":2,'
        made = (await api.as_("member").call("POST", api.path, {"title": title}, **headers(keyed))).body
        (row,) = await api.stack.database.fetch("SELECT data FROM history WHERE aggregate_id = $1::uuid", made["id"])
        event = json.loads(row["data"])
        assert (event["number"], event["title"]) == (made["number"], title)


class TestReferences:
    @pytest.mark.parametrize("field", ["assignee_id", "contact_id", "project_id"])
    async def test_foreign_and_unknown_ids_get_the_same_field_error(self, api: Api, field: str):
        foreign = {"assignee_id": "admin", "contact_id": "contact", "project_id": "project"}[field]
        client = api.as_("member")
        answers = [
            await client.call("POST", api.path, {"title": "x", field: str(value)})
            for value in (getattr(api.foreign, foreign), uuid4())
        ]
        assert [answer.status for answer in answers] == [400, 400]
        assert answers[0].body["errors"] == answers[1].body["errors"]
        assert pointers(answers[0].body) == [f"/{field}"]

    async def test_a_viewer_cannot_be_assigned(self, api: Api):
        answer = await api.as_("member").call("POST", api.path, {"title": "x", "assignee_id": str(api.ours.viewer)})
        assert (answer.status, pointers(answer.body)) == (400, ["/assignee_id"])


class TestRead:
    async def test_by_id_by_number_and_in_other_spellings_is_the_same_ticket(self, api: Api):
        client = api.as_("viewer")
        ticket = await api.as_("member").create_ticket("ours", description="# raw *text* <b>")
        for reference in (ticket["id"], ticket["number"], ticket["id"].upper(), ticket["id"].replace("-", "")):
            answer = await client.call("GET", f"{api.path}/{reference}")
            assert (answer.status, answer.body) == (200, ticket | {"permissions": ["read"]})
        assert ticket["updated_by"]["name"] == "member of ours"
        assert ticket["allowed_statuses"] == ["in_progress", "waiting", "resolved", "closed"]
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


class TestList:
    async def test_pages_newest_first_without_gap_or_double_while_tickets_arrive(self, api: Api):
        client = api.as_("member", api.foreign)
        made = [(await client.create_ticket("foreign", f"t{index}"))["id"] for index in range(7)]
        seen, cursor, path = [], None, "/orgs/foreign/tickets?limit=3"
        while True:
            page = (await client.call("GET", path + (f"&cursor={cursor}" if cursor else ""))).body
            assert all("description" not in item for item in page["items"])
            seen += [item["id"] for item in page["items"]]
            await client.create_ticket("foreign", "arrives between pages")
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [ticket_id for ticket_id in seen if ticket_id in made] == made[::-1]
        assert len(seen) == len(set(seen))

    @pytest.mark.parametrize("limit", ["0", "-1", "101", "9223372036854775808", "abc", "", "1.5", "1&limit=2"])
    async def test_refuses_limits_out_of_range(self, api: Api, limit: str):
        assert (await api.as_("member").call("GET", f"{api.path}?limit={limit}")).status == 400

    async def test_refuses_cursors_that_are_not_its_own(self, api: Api):
        client, other = api.as_("member"), api.as_("member", api.foreign)
        for index in range(2):
            await client.create_ticket("ours", f"c{index}")
        cursor = (await client.call("GET", f"{api.path}?limit=1")).body["next_cursor"]
        foreign = await other.call("GET", f"/orgs/foreign/tickets?cursor={cursor}")
        assert foreign.body["type"] == "/problems/invalid-cursor"
        tampered = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
        for bad in (tampered, "x", "%00", "%F0%9F%98%80", "=" * 100, "a" * 5000, "W10"):
            answer = await client.call("GET", f"{api.path}?cursor={bad}")
            assert answer.status == 400, bad


class TestPatch:
    async def test_changes_version_and_etag_only_when_something_changed(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours")
        changed = await client.call("PATCH", f"{api.path}/{ticket['id']}", {"priority": "low"})
        assert (changed.body["version"], changed.body["priority"], changed.headers["ETag"]) == (2, "low", '"2"')
        assert changed.body["sla_due_at"] == ticket["sla_due_at"]
        for body in ({}, {"priority": "low"}, {"title": " A ticket "}, {"sla_due_at": ticket["sla_due_at"]}):
            same = await client.call("PATCH", f"{api.path}/{ticket['id']}", body)
            assert (same.status, same.body["version"]) == (200, 2), body

    async def test_null_clears_what_can_be_cleared(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours", assignee_id=str(api.ours.admin), description="text")
        answer = await client.call(
            "PATCH", f"{api.path}/{ticket['id']}", {"assignee_id": None, "description": None, "sla_due_at": None}
        )
        assert (answer.body["assignee"], answer.body["description"]) == (None, "")
        assert (answer.body["sla_due_at"], answer.body["sla_source"], answer.body["sla_state"]) == (
            None,
            "manual",
            "none",
        )
        assert (await client.call("PATCH", f"{api.path}/{ticket['id']}", {"title": None})).status == 400

    async def test_a_stale_version_is_refused_with_the_current_one(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours")
        path = f"{api.path}/{ticket['id']}"
        assert (await client.call("PATCH", path, {"title": "new"}, **{"If-Match": '"1"'})).status == 200
        stale = await client.call("PATCH", path, {"title": "newer"}, **{"If-Match": '"1"'})
        assert (stale.status, stale.body["type"], stale.body["current_version"]) == (412, "/problems/stale-version", 2)

    async def test_a_patch_may_be_called_what_it_is_a_merge_patch(self, api: Api):
        client = api.as_("member")
        path = f"{api.path}/{(await client.create_ticket('ours'))['id']}"
        named = {"Content-Type": "application/merge-patch+json"}
        assert (await client.call("PATCH", path, {"title": "new"}, **named)).body["title"] == "new"
        assert (await client.call("POST", api.path, {"title": "no patch"}, **named)).status == 415

    async def test_one_version_of_a_list_is_enough_and_what_is_no_version_is_said(self, api: Api):
        client = api.as_("admin")
        path = f"{api.path}/{(await client.create_ticket('ours'))['id']}"
        assert (await client.call("PATCH", path, {"title": "new"}, **{"If-Match": '"0", "1"'})).status == 200
        assert (await client.call("DELETE", path, **{"If-Match": '"1", W/"2"'})).status == 412
        wrong = await client.call("DELETE", path, **{"If-Match": '"2'})
        assert (wrong.status, wrong.body["errors"][0]["pointer"]) == (400, "/header/If-Match")
        assert (await client.call("DELETE", path, **{"If-Match": '"1", "2"'})).status == 204

    async def test_a_move_that_is_not_allowed_names_those_that_are(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours", status="closed")
        answer = await client.call("PATCH", f"{api.path}/{ticket['id']}", {"status": "waiting"})
        assert (answer.status, answer.body["type"], answer.body["allowed"]) == (
            409,
            "/problems/invalid-transition",
            ["open"],
        )

    async def test_parallel_edits_are_versioned_one_after_the_other(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours")
        path = f"{api.path}/{ticket['id']}"
        answers = await asyncio.gather(*(client.call("PATCH", path, {"title": f"t{index}"}) for index in range(15)))
        assert sorted(answer.body["version"] for answer in answers) == list(range(2, 17))


class TestDelete:
    async def test_a_deleted_ticket_is_gone_for_everybody(self, api: Api):
        client = api.as_("admin")
        ticket = await client.create_ticket("ours", "To be deleted")
        path = f"{api.path}/{ticket['id']}"
        assert (await client.call("DELETE", path, **{"If-Match": '"7"'})).status == 412
        deleted = await client.call("DELETE", path)
        assert (deleted.status, deleted.body) == (204, "")
        for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
            assert (await client.call(method, path, body)).status == 404
        listed = (await client.call("GET", f"{api.path}?limit=100")).body["items"]
        assert ticket["id"] not in [item["id"] for item in listed]

    async def test_its_number_is_never_used_again(self, api: Api):
        client = api.as_("admin")
        ticket = await client.create_ticket("ours")
        await client.call("DELETE", f"{api.path}/{ticket['id']}")
        assert (await client.create_ticket("ours"))["number"] > ticket["number"]
