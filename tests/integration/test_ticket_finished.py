"""The outcome of a finished ticket is a fact: nothing that is done to its due time afterwards changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.stacks import Api
from tests.support.stack import Answer, Client

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
def client(api: Api) -> Client:
    return api.as_("member")


async def finished_late(api: Api, client: Client, status: str = "resolved") -> dict[str, Any]:
    """A ticket whose due time had passed when it was finished."""
    ticket = await client.create_ticket("ours")
    passed = "UPDATE tickets SET sla_due_at = now() - interval '1 minute' WHERE id = $1::uuid"
    await api.stack.database.fetch(passed, ticket["id"])
    answer = await client.call("PATCH", f"{api.path}/{ticket['id']}", {"status": status})
    assert (answer.status, answer.body["sla_state"]) == (200, "missed")
    return dict(answer.body)


def assert_finished(answer: Answer) -> None:
    assert (answer.status, answer.body["type"]) == (409, "/problems/ticket-finished")


class TestFinishedTicket:
    @pytest.mark.parametrize("status", ["resolved", "closed"])
    @pytest.mark.parametrize(
        "due", [TOMORROW, None, "", "2020-01-01T00:00:00Z"], ids=["moved", "cleared", "blank", "in the past"]
    )
    async def test_its_due_time_cannot_be_set_or_cleared(self, api: Api, client: Client, status: str, due: str | None):
        ticket = await finished_late(api, client, status)
        path = f"{api.path}/{ticket['id']}"
        for fields in ({}, {"title": "and a title"}, {"status": "closed"}):
            assert_finished(await client.call("PATCH", path, {"sla_due_at": due, **fields}))
        assert (await client.call("GET", path)).body == ticket

    @pytest.mark.parametrize("query", ["", "?dry_run=true"])
    async def test_its_due_time_cannot_be_recomputed(self, api: Api, client: Client, query: str):
        ticket = await finished_late(api, client)
        assert_finished(await client.call("POST", f"{api.path}/{ticket['id']}/sla/recompute{query}"))
        untouched = await client.create_ticket("ours", status="closed")
        assert_finished(await client.call("POST", f"{api.path}/{untouched['id']}/sla/recompute{query}"))
        assert (await client.call("GET", f"{api.path}/{ticket['id']}")).body == ticket

    async def test_in_bulk_the_others_are_changed(self, api: Api, client: Client):
        late, active = await finished_late(api, client), await client.create_ticket("ours")
        answer = await client.call(
            "POST", f"{api.path}/bulk", {"ids": [late["id"], active["id"]], "patch": {"sla_due_at": None}}
        )
        refused, changed = answer.body["items"]
        assert (refused["status"], refused["error"]["type"]) == (409, "/problems/ticket-finished")
        assert (changed["status"], changed["version"]) == (200, 2)

    async def test_everything_else_can_be_changed_and_the_due_time_sent_as_it_is(self, api: Api, client: Client):
        ticket = await finished_late(api, client)
        fields = {"title": "late", "priority": "urgent", "sla_due_at": ticket["sla_due_at"]}
        answer = await client.call("PATCH", f"{api.path}/{ticket['id']}", fields)
        assert (answer.status, answer.body["version"], answer.body["sla_state"]) == (200, 3, "missed")

    async def test_is_still_missed_when_it_comes_back_from_deletion(self, api: Api, client: Client):
        ticket = await finished_late(api, client)
        owner = api.as_("owner")
        await owner.call("DELETE", f"{api.path}/{ticket['id']}")
        answer = await owner.call("POST", f"{api.path}/{ticket['id']}/restore")
        assert (answer.status, answer.body["sla_state"]) == (200, "missed")


class TestOpenedAgain:
    async def test_its_clock_is_judged_anew(self, api: Api, client: Client):
        path = f"{api.path}/{(await finished_late(api, client))['id']}"
        opened = await client.call("PATCH", path, {"status": "open"})
        assert opened.body["sla_state"] == "breached"
        moved = await client.call("PATCH", path, {"sla_due_at": TOMORROW})
        assert (moved.status, moved.body["sla_state"]) == (200, "on_track")
        assert (await client.call("PATCH", path, {"status": "closed"})).body["sla_state"] == "met"

    async def test_takes_a_new_due_time_with_the_same_request(self, api: Api, client: Client):
        path = f"{api.path}/{(await finished_late(api, client))['id']}"
        opened = await client.call("PATCH", path, {"status": "open", "sla_due_at": TOMORROW})
        assert (opened.status, opened.body["sla_state"], opened.body["sla_source"]) == (200, "on_track", "manual")


async def test_the_event_of_the_finishing_says_the_outcome(api: Api, client: Client):
    ticket = await finished_late(api, client)
    await client.call("PATCH", f"{api.path}/{ticket['id']}", {"status": "open"})
    rows = await api.stack.database.fetch(
        "SELECT data::jsonb ->> 'sla_outcome' AS outcome, data::jsonb #>> '{changes,sla_outcome,to}' AS changed"
        " FROM history WHERE aggregate_id = $1::uuid ORDER BY aggregate_version",
        ticket["id"],
    )
    assert [tuple(row) for row in rows] == [(None, None), ("missed", "missed"), (None, None)]
