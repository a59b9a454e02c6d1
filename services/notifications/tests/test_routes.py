"""The other routes of the running service, and every route with callers who may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.notifications.tests.conftest import Running
from tests.support.measurements import eventually
from tests.support.stack import Answer, Client


class TestWatching:
    async def test_by_hand_muted_and_ended(self, served: Running):
        story, viewer = served.story(), served.client(served.ours.viewer)
        await served.send(created := story.created())
        await served.handled([created])
        path = "/orgs/ours/tickets/1/watch"
        assert (await viewer.call("GET", path)).body == {"state": None}
        assert (await viewer.call("PUT", path, {})).body == {"state": "watching"}
        watchers = (await viewer.call("GET", f"/orgs/ours/tickets/{story.id}/watchers")).body["items"]
        assert [one["person"]["name"] for one in watchers] == ["member of ours", "viewer of ours"]
        assert (await viewer.call("PUT", path, {"state": "muted"})).body == {"state": "muted"}
        assert (await viewer.call("PUT", path, {"state": "asleep"})).status == 400
        watchers = (await viewer.call("GET", "/orgs/ours/tickets/1/watchers")).body["items"]
        assert [one["person"]["name"] for one in watchers] == ["member of ours"]
        assert (await viewer.call("DELETE", path)).status == 204
        assert (await viewer.call("GET", path)).body == {"state": None}


class TestLedger:
    async def test_says_who_was_told_and_who_was_not(self, served: Running):
        story, member = served.story(), served.client(served.ours.member)
        await served.send(created := story.created())
        await served.handled([created])
        await member.call("PUT", "/orgs/ours/tickets/1/watch", {"state": "muted"})
        comment = story.commented(served.ours.owner, mentions=[served.ours.admin, served.ours.member])
        await served.send(comment)
        await served.handled([comment])
        first = (await member.call("GET", "/orgs/ours/tickets/1/notices?limit=1")).body
        rest = (await member.call("GET", f"/orgs/ours/tickets/1/notices?cursor={first['next_cursor']}")).body
        assert rest["next_cursor"] is None
        found = {one["recipient"]["name"]: one for one in first["items"] + rest["items"]}
        assert found.keys() == {"admin of ours", "member of ours"}
        sent, skipped = found["admin of ours"], found["member of ours"]
        assert (sent["state"], sent["channel"], sent["reason"], sent["why"]) == ("sent", "inbox", "mentioned", None)
        assert (skipped["state"], skipped["why"], skipped["lateness_ms"]) == ("skipped", "muted", None)
        assert sent["source_event_id"] == str(comment.envelope.id)

    async def test_names_the_team_channels_that_were_told(self, served: Running):
        story, member = served.story(), served.client(served.ours.member)
        path = "/orgs/ours/settings/team-channels"
        hook = {"address": "ntfys://chat.example.test/told-0123456789", "reasons": ["sla_breached"]}
        admin = served.client(served.ours.admin)
        made = [(await admin.call("POST", path, hook | {"name": name})).body for name in ("one", "two")]
        await served.send(created := story.created(), breach := story.breached())
        await served.handled([created, breach])
        await admin.call("DELETE", f"{path}/{made[0]['id']}")
        ids = [item["id"] for item in made]

        async def told() -> list[Any]:
            items = (await member.call("GET", "/orgs/ours/tickets/1/notices?limit=100")).body["items"]
            return [item for item in items if item["channel_id"] == ids[0]]

        (notice,) = await eventually(told, bool)
        assert (notice["channel"], notice["channel_name"], notice["recipient"]) == ("team", "one", None)
        names = f"/orgs/ours/team-channels?id={','.join(ids)}"
        found = (await served.client(served.ours.viewer).call("GET", names)).body["items"]
        assert {item["id"]: item["name"] for item in found} == dict(zip(ids, ("one", "two"), strict=True))
        foreign = await served.client(served.foreign.owner).call("GET", names.replace("ours", "foreign"))
        assert foreign.body == {"items": []}
        for wrong in ("x", "", ",".join(ids * 51)):
            assert (await member.call("GET", f"/orgs/ours/team-channels?id={wrong}")).status == 400


class TestSettings:
    async def test_owners_and_admins_change_them_by_version(self, served: Running):
        path = "/orgs/ours/settings/notifications"
        admin = served.client(served.ours.admin)
        defaults = {"escalate_after_hours": 24, "include_text": False, "language": "en", "version": 0}
        assert (await admin.call("GET", path)).body == defaults
        changed = await admin.call("PATCH", path, {"escalate_after_hours": 8}, **{"If-Match": '"0"'})
        assert (changed.status, changed.body, changed.headers["ETag"]) == (
            200,
            defaults | {"escalate_after_hours": 8, "version": 1},
            '"1"',
        )
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 9}, **{"If-Match": '"0"'})).status == 412
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 721})).status == 400
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 8})).body["version"] == 1
        assert (await admin.call("PATCH", path, {"language": "fr"})).body["errors"][0]["pointer"] == "/language"
        changed = await admin.call("PATCH", path, {"language": "es", "include_text": True})
        assert changed.body == {"escalate_after_hours": 8, "include_text": True, "language": "es", "version": 2}
        for user_id in (served.ours.member, served.ours.viewer):
            assert (await served.client(user_id).call("GET", path)).status == 403
            assert (await served.client(user_id).call("PATCH", path, {"include_text": False})).status == 403
        foreign = served.client(served.foreign.owner)
        assert (await foreign.call("PATCH", path, {"escalate_after_hours": 0})).status == 404
        assert (await foreign.call("GET", "/orgs/foreign/settings/notifications")).body["version"] == 0


IN_A_MONTH = (datetime.now(UTC) + timedelta(days=30)).isoformat()
ROUTES = [
    ("GET", "/inbox", None),
    ("PATCH", "/inbox/{row}", {"state": "read"}),
    ("POST", "/inbox/read-all", {"up_to": "{row}"}),
    ("GET", "/tickets/{ticket}/watch", None),
    ("PUT", "/tickets/{ticket}/watch", {"state": "muted"}),
    ("DELETE", "/tickets/{ticket}/watch", None),
    ("PUT", "/tickets/{ticket}/seen", None),
    ("GET", "/tickets/{ticket}/watchers", None),
    ("GET", "/tickets/{ticket}/notices", None),
    ("POST", "/tickets/{ticket}/reminders", {"at": IN_A_MONTH}),
    ("GET", "/tickets/{ticket}/reminders", None),
    ("GET", "/reminders", None),
    ("GET", "/reminders/{reminder}", None),
    ("PATCH", "/reminders/{reminder}", {"note": "Theirs"}),
    ("DELETE", "/reminders/{reminder}", None),
]


class TestTenants:
    async def test_no_route_shows_or_changes_what_is_of_another_org_or_person(self, served: Running):
        story = served.story()
        await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        admin = served.client(served.ours.admin)
        (row,) = await eventually(lambda: self.rows(admin), bool)
        mine = await admin.call("POST", f"/orgs/ours/tickets/{story.id}/reminders", {"at": IN_A_MONTH})
        before = await self.state(served)
        outside = served.client(served.foreign.owner)
        for method, template, given in ROUTES:
            path = template.format(row=row["id"], ticket=story.id, reminder=mine.body["id"])
            body = json.loads(json.dumps(given).replace("{row}", row["id"]))
            assert (await outside.call(method, f"/orgs/ours{path}", body)).status == 404, path
            free = served.client(served.stack.workspace.free.owner)
            assert (await free.call(method, f"/orgs/free{path}", body)).status == 403, path
            await self.check_in_their_own_org(outside, method, path, body)
        other = await served.client(served.ours.owner).call("PATCH", f"/orgs/ours/inbox/{row['id']}", {"state": "read"})
        assert other.status == 404
        assert (await outside.call("GET", "/me/inbox")).body["orgs"][0]["unread"] == 0
        assert await self.state(served) == before

    async def rows(self, client: Client) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await client.call("GET", "/orgs/ours/inbox")).body["items"]
        return items

    async def check_in_their_own_org(self, outside: Client, method: str, path: str, body: Any) -> None:
        """With the ids of another one. The tickets service, which would be asked for an unknown ticket, is away."""
        answer: Answer = await outside.call(method, f"/orgs/foreign{path}", body)
        if "/tickets/" in path:
            assert answer.status == 503, path
        elif method in {"PATCH", "DELETE"} or "/reminders/" in path:
            assert answer.status == 404
        else:
            assert answer.body.get("items", []) == []
            assert answer.body.get("marked", 0) == 0

    async def state(self, served: Running) -> list[Any]:
        found = await served.query("SELECT * FROM inbox_rows ORDER BY org_id, user_id")
        found += await served.query("SELECT * FROM reminders ORDER BY org_id, id")
        return found + await served.query("SELECT * FROM watches ORDER BY org_id, user_id")

    async def test_who_shows_no_token_is_refused(self, served: Running):
        assert served.process is not None
        for method, path, body in ROUTES:
            answer = await Client(served.process.url, {}).call(
                method, "/orgs/ours" + path.format(row=uuid4(), ticket=uuid4(), reminder=uuid4()), body
            )
            assert answer.status == 401
