"""A write repeated with its key has its effect once and gets its first answer again."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from uuid import uuid4

import pytest

from tests.integration.stacks import Api
from tests.support.stack import Stack


class TestIdempotencyKey:
    async def test_fifty_parallel_creates_with_one_key_make_one_ticket(self, api: Api):
        client, key = api.as_("member"), {"Idempotency-Key": str(uuid4())}
        body = {"title": "Only once"}
        answers = await asyncio.gather(*(client.call("POST", api.path, body, **key) for _ in range(50)))
        assert {answer.status for answer in answers} <= {201, 409}
        assert all(answer.headers["Retry-After"] for answer in answers if answer.status == 409)
        made = [answer for answer in answers if answer.status == 201]
        assert len({answer.body["id"] for answer in made}) == 1
        assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
        again = await client.call("POST", api.path, body, **key)
        assert (again.status, again.headers["Idempotency-Replayed"], again.body) == (201, "true", made[0].body)
        assert (again.headers["ETag"], again.headers["Location"]) == (
            made[0].headers["ETag"],
            made[0].headers["Location"],
        )

    async def test_another_body_is_refused_another_user_is_new(self, api: Api):
        key = {"Idempotency-Key": str(uuid4())}
        first = await api.as_("member").call("POST", api.path, {"title": "a"}, **key)
        reused = await api.as_("member").call("POST", api.path, {"title": "b"}, **key)
        assert (reused.status, reused.body["type"]) == (422, "/problems/idempotency-key-reused")
        other = await api.as_("admin").call("POST", api.path, {"title": "a"}, **key)
        assert other.body["id"] != first.body["id"]

    async def test_the_same_json_in_another_order_is_the_same_request(self, api: Api):
        client, key = api.as_("member"), {"Idempotency-Key": str(uuid4())}
        first = await client.call("POST", api.path, {"title": "a", "priority": "low"}, **key)
        again = await client.call("POST", api.path, {"priority": "low", "title": "a"}, **key)
        assert (again.status, again.body["id"]) == (201, first.body["id"])
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_a_body_that_the_route_does_not_read_is_no_mistake(self, api: Api):
        client = api.as_("admin")
        path = f"{api.path}/{(await client.create_ticket('ours'))['id']}"
        key = {"Idempotency-Key": str(uuid4())}
        for replayed in (None, "true"):
            answer = await client.call_raw("DELETE", path, b"{bad", "application/json", **key)
            assert (answer.status, answer.headers.get("Idempotency-Replayed")) == (204, replayed)

    async def test_other_writes_are_repeated_as_well(self, api: Api):
        client = api.as_("admin")
        ticket = await client.create_ticket("ours")
        path = f"{api.path}/{ticket['id']}"
        for method, body, extra in (
            ("PATCH", {"title": "new"}, {"If-Match": '"1"'}),
            ("DELETE", None, {}),
        ):
            headers = {"Idempotency-Key": str(uuid4()), **extra}
            first = await client.call(method, path, body, **headers)
            again = await client.call(method, path, body, **headers)
            assert (first.status, first.body) == (again.status, again.body)
            assert again.headers["Idempotency-Replayed"] == "true"

    async def test_a_recompute_after_a_dry_run_is_no_repeat_of_it(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours", priority="low")
        await client.call("PATCH", f"{api.path}/{ticket['id']}", {"priority": "urgent"})
        path, key = f"{api.path}/{ticket['id']}/sla/recompute", {"Idempotency-Key": str(uuid4())}
        assert (await client.call("POST", f"{path}?dry_run=true", **key)).body["dry_run"] is True
        reused = await client.call("POST", path, **key)
        assert (reused.status, reused.body["type"]) == (422, "/problems/idempotency-key-reused")
        assert (await client.call("GET", f"{api.path}/{ticket['id']}")).body["sla_due_at"] == ticket["sla_due_at"]

    async def test_one_ticket_by_number_and_by_id_is_the_same_and_another_is_not(self, api: Api):
        client = api.as_("admin")
        ticket, other = [await client.create_ticket("ours") for _ in range(2)]
        for method, rest, body in (("PATCH", "", {"title": "once"}), ("DELETE", "", None), ("POST", "/restore", None)):
            key = {"Idempotency-Key": str(uuid4())}
            spellings = (ticket["id"], ticket["id"].upper(), ticket["number"], f"0{ticket['number']}")
            answers = [await client.call(method, f"{api.path}/{name}{rest}", body, **key) for name in spellings]
            assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true", "true"]
            reused = await client.call(method, f"{api.path}/{other['number']}{rest}", body, **key)
            assert (reused.status, reused.body["type"]) == (422, "/problems/idempotency-key-reused")

    async def test_another_version_is_another_request(self, api: Api):
        client = api.as_("member")
        path = f"{api.path}/{(await client.create_ticket('ours'))['id']}"
        key = {"Idempotency-Key": str(uuid4())}
        assert (await client.call("PATCH", path, {"title": "b"}, **key, **{"If-Match": '"1"'})).status == 200
        assert (await client.call("PATCH", path, {"title": "b"}, **key, **{"If-Match": '"2"'})).status == 422

    async def test_what_the_release_before_stored_is_found(self, api: Api):
        """It knew a request by its path as called and its body."""
        client, key = api.as_("member"), str(uuid4())
        first = await client.create_ticket("ours")
        body = b'{"title":"Only once"}'
        stored = "UPDATE idempotency_keys SET route = $2, request_sha256 = $3 WHERE key = $1"
        await client.call_raw("POST", api.path, body, "application/json", **{"Idempotency-Key": key})
        await api.stack.database.fetch(stored, key, f"POST {api.path}", sha256(body).digest())
        again = await client.call_raw("POST", api.path, body, "application/json", **{"Idempotency-Key": key})
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert again.body["number"] == first["number"] + 1

    @pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\tb"])
    async def test_a_bad_key_is_refused(self, api: Api, key: str):
        answer = await api.as_("member").call("POST", api.path, {"title": "x"}, **{"Idempotency-Key": key})
        assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, "/header/Idempotency-Key")

    async def test_a_refused_request_is_decided_anew(self, api: Api):
        client, key = api.as_("member"), {"Idempotency-Key": str(uuid4())}
        assert (await client.call("POST", api.path, {"title": ""}, **key)).status == 400
        assert (await client.call("POST", api.path, {"title": "now right"}, **key)).status == 201

    async def test_a_crash_between_commit_and_answer_is_repaired_by_the_retry(self, stack: Stack):
        key = {"Idempotency-Key": str(uuid4())}
        crashing = await stack.tickets(OPSDASH_CRASH_AT="after_db_commit")
        client = stack.client(crashing, stack.workspace.ours.member)
        with pytest.raises(Exception, match=r"disconnect|reset|closed"):
            await client.call("POST", "/orgs/ours/tickets", {"title": "once"}, **key)
        assert crashing.wait_exit() == -9
        client = stack.client(await stack.tickets(), stack.workspace.ours.member)
        answer = await client.call("POST", "/orgs/ours/tickets", {"title": "once"}, **key)
        assert (answer.status, answer.headers["Idempotency-Replayed"], answer.body["number"]) == (201, "true", 1)
        assert len((await client.call("GET", "/orgs/ours/tickets")).body["items"]) == 1
