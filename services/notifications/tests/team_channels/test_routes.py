"""The routes of team channels of the running service: values, versions, amounts, roles and orgs."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.tests.conftest import Running
from tests.support.stack import CHANNEL_SECRET, NOBODY, Answer, Client, notifications_environment

PATH = "/orgs/ours/settings/team-channels"
HOOK = "3ccdd113474722377935511fc85d3dd4"
ADDRESS = f"mmosts://chat.example.test/{HOOK}"
BODY = {"name": "Support", "address": ADDRESS, "reasons": ["sla_breached", "commented"]}


def admin(served: Running) -> Client:
    return served.client(served.ours.admin)


async def created(served: Running, **more: Any) -> Any:
    answer = await admin(served).call("POST", PATH, BODY | more)
    assert answer.status == 201, answer.body
    return answer.body


def match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


class TestChannel:
    async def test_it_is_added_read_changed_and_deleted(self, served: Running):
        client = admin(served)
        answer = await client.call("POST", PATH, BODY | {"filter": {"priorities": ["urgent"]}})
        channel = answer.body
        assert answer.status == 201
        assert answer.headers["Location"] == f"/api{PATH}/{channel['id']}"
        assert answer.headers["ETag"] == '"1"'
        assert channel | {"id": "", "created_at": ""} == {
            "id": "", "name": "Support", "scheme": "mmosts", "address": "mmosts://chat.example.test/…3dd4",
            "reasons": ["sla_breached", "commented"], "filter": {"priorities": ["urgent"], "categories": []},
            "enabled": True, "disabled": None, "failures": 0, "last_failure": None, "created_at": "", "version": 1,
        }  # fmt: skip
        one = f"{PATH}/{channel['id']}"
        assert (await client.call("GET", one)).body == channel
        changes = {"name": "Urgent\u0007 ones", "filter": {"categories": ["billing"]}, "enabled": False}
        changed = (await client.call("PATCH", one, changes, **match(1))).body
        assert (changed["name"], changed["version"], changed["enabled"]) == ("Urgent ones", 2, False)
        assert changed["filter"] == {"priorities": [], "categories": ["billing"]}
        assert changed["disabled"]["why"] == "by_hand"
        assert (await client.call("PATCH", one, {"name": "x"}, **match(1))).status == 412
        assert (await client.call("PATCH", one, {"enabled": False, "address": ADDRESS})).body["version"] == 2
        assert (await client.call("DELETE", one, **match(1))).status == 412
        assert (await client.call("DELETE", one, **match(2))).status == 204
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            assert (await client.call(method, one, body)).status == 404
        rows = await served.query("SELECT name, address, shown FROM team_channels")
        assert [tuple(row) for row in rows] == [("Urgent ones", "", "")]

    async def test_its_address_is_encrypted_and_never_answered(self, served: Running):
        client = admin(served)
        made = await created(served)
        other = "ntfys://ntfy.example.test/" + HOOK[::-1]
        changed = await client.call("PATCH", f"{PATH}/{made['id']}", {"address": other}, **match(1))
        listed = await client.call("GET", PATH)
        for shown in (made, changed.body, listed.body):
            assert HOOK not in str(shown)
            assert HOOK[::-1] not in str(shown)
        assert changed.body["address"] == "ntfys://ntfy.example.test/…dcc3"
        (row,) = await served.query("SELECT * FROM team_channels")
        assert not any(HOOK[::-1] in str(value) for value in row)
        everything = await served.query("SELECT row_to_json(k)::text AS text FROM idempotency_keys k")
        assert not any(HOOK in row["text"] for row in everything)
        assert served.process is not None
        assert HOOK not in served.process.logs()

    async def test_one_that_is_enabled_again_begins_anew(self, served: Running):
        made = await created(served)
        await served.query("UPDATE team_channels SET failures = 60, failing_since = now(), failed_at = now(),"
                           " failed_with = 'HTTP 404', disabled_at = now(), disabled_why = 'failing'")  # fmt: skip
        client, one = admin(served), f"{PATH}/{made['id']}"
        shown = (await client.call("GET", one)).body
        assert (shown["disabled"]["why"], shown["last_failure"]["words"], shown["failures"]) == (
            "failing",
            "HTTP 404",
            60,
        )
        again = (await client.call("PATCH", one, {"enabled": True}, **match(1))).body
        assert (again["enabled"], again["failures"], again["last_failure"]) == (True, 0, None)

    @pytest.mark.parametrize(
        ("changes", "wakes"),
        [
            ({"address": ADDRESS + "5"}, True),
            ({"enabled": True}, True),
            ({"name": "other"}, False),
        ],
    )
    async def test_what_waits_for_one_that_is_mended_leaves_at_once(
        self, served: Running, changes: dict[str, Any], wakes: bool
    ):
        made = await created(served)
        await served.query("UPDATE team_channels SET failures = 9, failing_since = now(), failed_at = now(),"
                           " failed_with = 'HTTP 404'")  # fmt: skip
        if "enabled" in changes:
            await served.query("UPDATE team_channels SET disabled_at = now(), disabled_why = 'by_hand'")
        await served.query(
            "INSERT INTO team_turns (org_id, channel_id, due_at, is_failing)"
            " SELECT org_id, id, now() + interval '30 minutes', true FROM team_channels"
        )
        assert (await admin(served).call("PATCH", f"{PATH}/{made['id']}", changes)).status == 200

        async def is_in_pause() -> bool:
            return bool(await served.query("SELECT FROM team_turns WHERE is_failing AND due_at > now()"))

        assert await is_in_pause() is not wakes

    async def test_the_list_is_in_pages(self, served: Running):
        names = [(await created(served, name=f"Chat {number}"))["name"] for number in range(5)]
        client, found, cursor = admin(served), list[str](), ""
        while True:
            page = (await client.call("GET", f"{PATH}?limit=2{cursor}")).body
            found += [item["name"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == names
        for limit in (0, 101, "x"):
            assert (await client.call("GET", f"{PATH}?limit={limit}")).status == 400
        foreign = (await client.call("GET", f"{PATH}?cursor=abc")).body
        assert foreign["type"].endswith("invalid-cursor")
        assert (await client.call("GET", f"{PATH}?colour=red")).status == 400

    async def test_a_test_says_what_came_of_it(self, served: Running):
        made = await created(served)
        answer = await admin(served).call("POST", f"{PATH}/{made['id']}/test")
        assert answer.status == 409
        assert answer.body["type"].endswith("message-not-taken")
        assert answer.body["detail"].startswith("It does not answer")
        assert (await admin(served).call("POST", f"{PATH}/{uuid4()}/test")).status == 404


class TestValues:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"reasons": ["sla_breached", "reminder"]}, "/reasons/1", "not-allowed"),
            ({"reasons": ["webhook_disabled"]}, "/reasons/0", "not-allowed"),
            ({"reasons": []}, "/reasons", "too-short"),
            ({"reasons": None}, "/reasons", "type"),
            ({"name": ""}, "/name", "too-short"),
            ({"name": " \u200b\u0007 "}, "/name", "required"),
            ({"name": "x" * 81}, "/name", "too-long"),
            ({"address": "https://hooks.slack.com/services/a/b/c"}, "/address", "address-refused"),
            ({"address": "mailto://a:b@example.com"}, "/address", "address-refused"),
            ({"address": f"mmosts://10.0.0.1/{HOOK}"}, "/address", "address-refused"),
            ({"address": f"mmosts://localhost/{HOOK}"}, "/address", "address-refused"),
            ({"address": f"mmost://chat.example.test:8080/{HOOK}?verify=no"}, "/address", "address-refused"),
            ({"address": "discord://1/2?template=/etc/passwd"}, "/address", "address-refused"),
            ({"address": ""}, "/address", "too-short"),
            ({"filter": {"priorities": ["huge"]}}, "/filter/priorities/0", "not-allowed"),
            ({"filter": {"categories": ["x"]}}, "/filter/categories/0", "not-allowed"),
            ({"filter": {"colours": []}}, "/filter/colours", "unknown-field"),
            ({"enabled": "yes"}, "/enabled", "type"),
            ({"id": str(UUID(int=1))}, "/id", "unknown-field"),
            ({"version": 3}, "/version", "unknown-field"),
        ],
    )
    async def test_a_wrong_one_is_named(self, served: Running, change: dict[str, Any], pointer: str, code: str):
        made = await created(served)
        client = admin(served)
        for answer in (
            await client.call("POST", PATH, BODY | change),
            await client.call("PATCH", f"{PATH}/{made['id']}", change),
        ):
            assert answer.status == 400
            (error,) = answer.body["errors"]
            assert (error["pointer"], error["code"]) == (pointer, code)
            assert HOOK not in str(answer.body)

    async def test_what_is_missing_is_named(self, served: Running):
        for name in BODY:
            body = {key: value for key, value in BODY.items() if key != name}
            answer = await admin(served).call("POST", PATH, body)
            assert [error["pointer"] for error in answer.body["errors"]] == [f"/{name}"]


class TestAmounts:
    async def test_fifty_at_once_are_as_many_as_the_plate_allows(self, served: Running):
        await served.query("UPDATE orgs SET plate = 'growth' WHERE org_id = $1", served.ours.id)
        client = admin(served)
        answers = await asyncio.gather(*(client.call("POST", PATH, BODY | {"name": f"{n}"}) for n in range(50)))
        assert Counter(answer.status for answer in answers) == {201: 5, 403: 45}
        refused = next(answer.body for answer in answers if answer.status == 403)
        assert refused["type"].endswith("plan-limit-reached")
        expected = {"limit": 5, "used": 5, "plate": "growth", "what": "channels"}
        assert {key: refused[key] for key in expected} == expected

    async def test_a_smaller_plate_stops_nothing_and_refuses_more(self, served: Running):
        made = [await created(served, name=f"{n}") for n in range(3)]
        await served.query("UPDATE orgs SET plate = 'sales' WHERE org_id = $1", served.ours.id)
        client = admin(served)
        assert (await client.call("POST", PATH, BODY)).body["used"] == 3
        assert (await client.call("PATCH", f"{PATH}/{made[0]['id']}", {"name": "n"})).status == 200
        for each in made[:2]:
            assert (await client.call("DELETE", f"{PATH}/{each['id']}")).status == 204
        assert (await client.call("POST", PATH, BODY)).status == 201
        assert (await client.call("POST", PATH, BODY)).status == 403

    async def test_the_same_key_is_one_channel(self, served: Running):
        client = admin(served)
        keyed = {"Idempotency-Key": "k1"}
        answers = [await client.call("POST", PATH, BODY, **keyed) for _ in range(3)]
        assert {answer.body["id"] for answer in answers} == {answers[0].body["id"]}
        assert (await client.call("POST", PATH, BODY | {"name": "other"}, **keyed)).status == 422
        assert len((await client.call("GET", PATH)).body["items"]) == 1


def every(channel_id: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", "", None),
        ("POST", "", BODY),
        ("GET", f"/{channel_id}", None),
        ("PATCH", f"/{channel_id}", {"name": "Taken over"}),
        ("DELETE", f"/{channel_id}", None),
        ("POST", f"/{channel_id}/test", None),
    ]


class TestWhoMay:
    async def test_owners_and_admins_only(self, served: Running):
        made = await created(served)
        for user_id in (served.ours.member, served.ours.viewer):
            for method, path, body in every(made["id"]):
                answer = await served.client(user_id).call(method, PATH + path, body)
                assert (answer.status, answer.body["type"].rpartition("/")[2]) == (403, "role-too-low"), path
        assert (await served.client(served.ours.owner).call("GET", f"{PATH}/{made['id']}")).status == 200

    async def test_nobody_of_another_org(self, served: Running):
        made = await created(served)
        before = await served.query("SELECT * FROM team_channels")
        outside, free = served.client(served.foreign.owner), served.client(served.stack.workspace.free.owner)
        for method, path, body in every(made["id"]):
            assert (await outside.call(method, PATH + path, body)).status == 404, path
            if made["id"] in path:
                there = await outside.call(method, f"/orgs/foreign/settings/team-channels{path}", body)
                assert there.status == 404, path
            theirs: Answer = await free.call(method, f"/orgs/free/settings/team-channels{path}", body)
            assert theirs.body["type"].endswith("feature-not-available")
        assert (await outside.call("GET", "/orgs/foreign/settings/team-channels")).body["items"] == []
        assert await served.query("SELECT * FROM team_channels") == before

    async def test_who_shows_no_token(self, served: Running):
        assert served.process is not None
        for method, path, body in every(str(uuid4())):
            assert (await Client(served.process.url, {}).call(method, PATH + path, body)).status == 401


class TestWithoutSecret:
    async def test_the_service_starts_and_says_what_to_name(self, running: Running):
        environment = notifications_environment(running.stack, running.database, NOBODY)
        del environment["OPSDASH_CHANNEL_SECRET"]
        running.process = process = await running.start_service("notifications", environment).ready()
        for method, path, body in every(str(uuid4())):
            answer = await running.client(running.ours.owner).call(method, PATH + path, body)
            assert (answer.status, answer.body["type"].rpartition("/")[2]) == (503, "channels-not-set-up"), path
            assert "OPSDASH_CHANNEL_SECRET" in answer.body["detail"]
        assert "team_channels_not_set_up" in process.logs()
        status, text = await process.readiness()
        assert (status, "OPSDASH_CHANNEL_SECRET is not named" in text) == (200, True)
        assert (await running.client(running.ours.owner).call("GET", "/orgs/ours/inbox")).status == 200
        process.sigkill()

    async def test_another_secret_is_said_to_the_operator_and_not_to_people(self, running: Running):
        first = await running.start()
        made = (await running.client(running.ours.owner).call("POST", PATH, BODY)).body
        first.sigkill()
        other = CHANNEL_SECRET[::-1]
        process = await running.start(OPSDASH_CHANNEL_SECRET=other)
        client = running.client(running.ours.owner)
        answer = await client.call("POST", f"{PATH}/{made['id']}/test")
        assert (answer.status, "SECRET" in str(answer.body)) == (503, True)
        again = await client.call("PATCH", f"{PATH}/{made['id']}", {"address": ADDRESS})
        assert again.status == 200, "an address that nobody can read may be replaced"
        process.sigkill()
