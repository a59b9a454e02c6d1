"""Bulk edits, restore, purge, activity, and what the directory feed changes."""

from __future__ import annotations

import time
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from opsdash_chassis.database.pools import Database
from opsdash_contracts.workspace import Kind, Member, Org, Plate, Removed, Role
from opsdash_tickets.retention import service as retention
from opsdash_tickets.settings import TicketsSettings

from tests.integration.stacks import Api
from tests.support.measurements import eventually
from tests.support.services import settings_in
from tests.support.stack import internal_environment
from tests.support.workspace import OrgFixture, publish


class TestBulk:
    async def test_every_ticket_succeeds_or_fails_on_its_own(self, api: Api):
        client = api.as_("member")
        fine = [(await client.create_ticket("ours"))["id"] for _ in range(2)]
        closed = (await client.create_ticket("ours", status="closed"))["id"]
        theirs = (await api.as_("owner", api.foreign).create_ticket("foreign"))["id"]
        body = {"ids": [fine[0], closed, theirs, str(uuid4()), fine[1]], "patch": {"status": "waiting"}}
        answer = await client.call("POST", f"{api.path}/bulk", body)
        assert [item["status"] for item in answer.body["items"]] == [200, 409, 404, 404, 200]
        assert answer.body["items"][2]["error"] == answer.body["items"][3]["error"]
        activity = (await client.call("GET", f"{api.path}/{fine[1]}/activity")).body["items"]
        assert activity[-1]["bulk_id"] == answer.body["bulk_id"]

    async def test_bad_values_and_too_many_ids_are_refused_as_a_whole(self, api: Api):
        client = api.as_("member")
        for body in ({"ids": [], "patch": {}}, {"ids": [str(uuid4())] * 101, "patch": {}},
                     {"ids": [str(uuid4())], "patch": {"number": 3}}, {"ids": ["x"], "patch": {}}):  # fmt: skip
            assert (await client.call("POST", f"{api.path}/bulk", body)).status == 400
        assert (
            await api.as_("viewer").call("POST", f"{api.path}/bulk", {"ids": [str(uuid4())], "patch": {}})
        ).status == 403


class TestActivity:
    async def test_tells_who_changed_what_and_never_the_text(self, api: Api):
        ticket = await api.as_("member").create_ticket("ours", description="secret words")
        path = f"{api.path}/{ticket['id']}"
        patch = {"priority": "high", "assignee_id": str(api.ours.admin), "description": "other words"}
        await api.as_("admin").call("PATCH", path, patch)
        answer = await api.as_("viewer").call("GET", f"{path}/activity")
        created, updated = answer.body["items"]
        assert (created["type"], created["actor"]["name"]) == ("support_ticket.created", "member of ours")
        assert {change["field"]: change for change in updated["changes"]} == {
            "priority": {"field": "priority", "from": "medium", "to": "high"},
            "assignee_id": {
                "field": "assignee_id", "from": None, "to": str(api.ours.admin),
                "from_label": None, "to_label": "admin of ours",
            },
            "description": {"field": "description"},
        }  # fmt: skip
        assert "words" not in str(answer.body)

    async def test_pages_through_a_long_history(self, api: Api):
        client = api.as_("member")
        ticket = await client.create_ticket("ours")
        path = f"{api.path}/{ticket['id']}"
        for index in range(55):
            await client.call("PATCH", path, {"title": f"t{index}"})
        first = (await client.call("GET", f"{path}/activity")).body
        rest = (await client.call("GET", f"{path}/activity?cursor={first['next_cursor']}")).body
        assert [item["version"] for item in first["items"] + rest["items"]] == list(range(1, 57))
        assert rest["next_cursor"] is None


class TestDirectoryFeed:
    async def test_role_plate_and_membership_take_effect_within_two_seconds(self, api: Api):
        org = OrgFixture("moving")
        client = await api.new_org(org)
        member_id, user = uuid4(), uuid4()
        servers = api.stack.kafka.bootstrap_servers
        person = api.stack.client(api.service, user)

        async def status() -> int:
            return (await person.call("POST", "/orgs/moving/tickets", {"title": "x"})).status

        async def takes_effect(expected: int, payload: Any) -> None:
            started = time.monotonic()
            await publish(servers, payload)
            await eventually(status, lambda found: found == expected, timeout=60)
            took.append(time.monotonic() - started)

        def member(role: Role, version: int) -> Member:
            return Member(
                org_id=org.id, member_id=member_id, user_id=user, name="New", email=None, role=role, version=version
            )

        def plate(plate: Plate, version: int) -> Org:
            return Org(org_id=org.id, slug=org.slug, name="Moving", plate=plate, version=version)

        took: list[float] = []
        assert await status() == 404
        await takes_effect(201, member(Role.MEMBER, 1))
        took.clear()  # the first message waits for the group to form
        await takes_effect(403, member(Role.VIEWER, 2))
        await takes_effect(201, member(Role.ADMIN, 3))
        await takes_effect(403, plate(Plate.FREE, 2))
        assert (await client.call("GET", "/orgs/moving/tickets")).body["type"] == "/problems/feature-not-available"
        await takes_effect(201, plate(Plate.SALES, 3))
        ticket = await client.create_ticket("moving", assignee_id=str(user))
        await takes_effect(404, Removed(kind=Kind.MEMBER, id=member_id, org_id=org.id, version=4))
        assert median(took) < 2, took
        unassigned = await client.call("GET", f"/orgs/moving/tickets/{ticket['id']}")
        assert (unassigned.body["assignee"], unassigned.body["version"]) == (None, 2)
        activity = (await client.call("GET", f"/orgs/moving/tickets/{ticket['id']}/activity")).body["items"]
        assert (activity[-1]["actor"], activity[-1]["changes"][0]["from_label"]) == (None, "New")

    async def test_who_may_not_be_assigned_any_more_is_unassigned(self, api: Api):
        org, member_id = OrgFixture("demoted"), uuid4()
        client = await api.new_org(org)

        async def membership(version: int, user: UUID, role: Role = Role.MEMBER) -> None:
            member = Member(
                org_id=org.id, member_id=member_id, user_id=user, name="Kim", email=None, role=role, version=version
            )
            await publish(api.stack.kafka.bootstrap_servers, member)

        async def assigned(user: UUID) -> str:
            body = {"title": "x", "assignee_id": str(user)}
            made = await eventually(
                lambda: client.call("POST", "/orgs/demoted/tickets", body), lambda answer: answer.status == 201
            )
            return f"/orgs/demoted/tickets/{made.body['id']}"

        async def unassigned(path: str) -> None:
            ticket = await eventually(lambda: client.call("GET", path), lambda answer: answer.body["version"] == 2)
            assert ticket.body["assignee"] is None
            activity = (await client.call("GET", f"{path}/activity")).body["items"]
            assert (activity[-1]["actor"], activity[-1]["changes"][0]["from"]) == (None, str(first))

        first, second = uuid4(), uuid4()
        await membership(1, first)
        path = await assigned(first)
        await membership(2, first, Role.ADMIN)  # may be assigned as before
        await membership(3, first, Role.VIEWER)
        await unassigned(path)
        await membership(4, first)
        path = await assigned(first)
        await membership(5, second)  # the membership is another person's now
        await unassigned(path)

    async def test_a_renamed_contact_shows_at_once_a_removed_one_keeps_its_name(self, api: Api):
        org = OrgFixture("renamed")
        client = await api.new_org(org)
        ticket = await client.create_ticket("renamed", contact_id=str(org.contact))
        await publish(
            api.stack.kafka.bootstrap_servers,
            Removed(kind=Kind.CONTACT, id=org.contact, org_id=org.id, version=2),
        )

        async def contact() -> Any:
            return (await client.call("GET", f"/orgs/renamed/tickets/{ticket['id']}")).body["contact"]

        found = await eventually(contact, lambda contact: not contact["active"])
        assert found["name"] == "Contact renamed"
        refused = await client.call("POST", "/orgs/renamed/tickets", {"title": "x", "contact_id": str(org.contact)})
        assert refused.status == 400


class TestPurge:
    async def test_text_goes_after_thirty_days_and_the_skeleton_stays(self, api: Api):
        org = OrgFixture("purged")
        client = await api.new_org(org)
        kept, gone = [
            await client.create_ticket("purged", title, description=f"{title} text") for title in ("keep", "canary")
        ]
        await client.call("PATCH", f"/orgs/purged/tickets/{gone['id']}", {"title": "canary two"})
        for ticket in (kept, gone):
            await client.call("DELETE", f"/orgs/purged/tickets/{ticket['id']}")
        connection = await asyncpg.connect(api.stack.database.worker_url)
        await connection.execute(
            "UPDATE tickets SET deleted_at = now() - interval '30 days 1 minute' WHERE org_id = $1 AND id = $2",
            org.id, gone["id"],
        )  # fmt: skip
        assert (await client.call("POST", f"/orgs/purged/tickets/{gone['id']}/restore")).status == 404
        database = Database(_settings(api), name="test")
        await database.open()
        try:
            assert await retention.purge_expired(database) == 1
            assert await retention.purge_expired(database) == 0
        finally:
            await database.close()
        history = await connection.fetch(
            "SELECT event_type, data::text AS data FROM history WHERE aggregate_id = $1 ORDER BY aggregate_version",
            gone["id"],
        )
        rows = await connection.fetch("SELECT * FROM tickets WHERE id = $1", gone["id"])
        await connection.close()
        assert [row["event_type"].removeprefix("support_ticket.") for row in history] == [
            "created", "updated", "deleted", "purged",
        ]  # fmt: skip
        assert "canary" not in str([dict(row) for row in history]) + str([dict(row) for row in rows])
        assert (await client.call("POST", f"/orgs/purged/tickets/{kept['id']}/restore")).body["title"] == "keep"


def _settings(api: Api) -> TicketsSettings:
    secrets = settings_in(internal_environment("tickets"))
    return TicketsSettings(
        oidc_issuer="x", oidc_audience="x", oidc_jwks_url="http://x", profile="local",
        kafka_bootstrap_servers="127.0.0.1:1", database_url=api.stack.database.app_url,
        database_worker_url=api.stack.database.worker_url, **secrets,
    )  # fmt: skip


class TestRestore:
    async def test_brings_everything_back_but_an_assignee_who_left(self, api: Api):
        client = api.as_("admin")
        ticket = await client.create_ticket("ours", "Back again", assignee_id=str(api.ours.member))
        path = f"{api.path}/{ticket['id']}"
        assert (await client.call("POST", f"{path}/restore")).status == 404  # it lives
        await client.call("DELETE", path)
        assert (await api.as_("member").call("POST", f"{path}/restore")).status == 403
        assert (
            await api.as_("owner", api.foreign).call("POST", f"/orgs/foreign/tickets/{ticket['id']}/restore")
        ).status == 404
        restored = await client.call("POST", f"{path}/restore")
        assert (restored.status, restored.body["version"], restored.body["title"]) == (200, 3, "Back again")
        assert (restored.body["assignee"]["id"], restored.headers["ETag"]) == (str(api.ours.member), '"3"')
