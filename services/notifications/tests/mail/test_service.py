"""The running service with a mail server: from the topics to a mail, what people say about theirs, and a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_local.ports import LOOPBACK

from services.notifications.tests.conftest import Running
from services.notifications.tests.mail.conftest import LINKS, FakeMailServer
from tests.support.measurements import eventually
from tests.support.stack import Client

KILLED = -9
PATH = "/me/notifications"
AT_ONCE = {"mail_delay_seconds": 0}


@pytest.fixture
async def mail_server() -> AsyncIterator[FakeMailServer]:
    server = FakeMailServer()
    await server.start()
    yield server
    await server.stop()


def environment(mail_server: FakeMailServer) -> dict[str, str]:
    return {
        "OPSDASH_SMTP_HOST": LOOPBACK,
        "OPSDASH_SMTP_PORT": str(mail_server.port),
        "OPSDASH_SMTP_TLS": "none",
        "OPSDASH_MAIL_FROM": "support@opsdash.example",
        "OPSDASH_MAIL_LINK_SECRET": "Kq8vT2yUo5iEw7rAa1dFg4hMl9zXc6nB",
        "OPSDASH_PUBLIC_URL": LINKS.public_url,
    }


@pytest.fixture
async def running(running: Running) -> Running:
    """Its people have addresses."""
    await running.query("UPDATE members SET email = 'person@brightside.example'")
    return running


@pytest.fixture
async def served(running: Running, mail_server: FakeMailServer) -> AsyncIterator[Running]:
    process = await running.start(**environment(mail_server))
    yield running
    process.sigkill()


async def test_an_event_becomes_a_mail(served: Running, mail_server: FakeMailServer) -> None:
    admin, story = served.client(served.ours.admin), served.story(number=41)
    assert (await admin.call("PATCH", PATH, AT_ONCE)).status == 200
    created = story.created()
    assigned = story.assigned(served.ours.admin, by=served.ours.owner, title="Invoice shows the wrong VAT rate")
    await served.send(created, assigned)
    (mail,) = await eventually(lambda: _taken(mail_server), bool)
    assert mail["Subject"] == "[#41] Invoice shows the wrong VAT rate"
    expected = notice_id(served.ours.id, assigned.envelope.id, served.ours.admin, Channel.MAIL, Reason.ASSIGNED)
    assert mail["Message-ID"] == f"<{expected}@opsdash.example>"
    assert "owner of ours assigned this ticket to you." in mail.get_body(("plain",)).get_content()
    sent = await eventually(lambda: _recorded(admin, story.id), bool)
    assert sent == [("assigned", "sent")]


async def test_killed_after_the_mail_server_took_it_the_same_mail_comes_again(
    running: Running, mail_server: FakeMailServer
) -> None:
    doomed = await running.start(**environment(mail_server), OPSDASH_CRASH_AT="after_mail_before_record")
    await running.client(running.ours.admin).call("PATCH", PATH, AT_ONCE)
    story = running.story()
    await running.send(story.created(), story.assigned(running.ours.admin, by=running.ours.owner))
    assert await asyncio.to_thread(doomed.wait_exit, 40) == KILLED
    await running.query("UPDATE mails SET due_at = now()")  # its time is over
    await running.query("UPDATE mail_turns SET due_at = now()")
    process = await running.start(**environment(mail_server))
    first, second = await eventually(lambda: _taken(mail_server), lambda found: len(found) > 1)
    assert first["Message-ID"] == second["Message-ID"]
    assert await eventually(lambda: _recorded(running.client(running.ours.admin), story.id), bool) == [
        ("assigned", "sent")
    ]
    process.sigkill()


async def test_while_the_mail_server_is_away_people_are_notified_and_mails_follow(
    served: Running, mail_server: FakeMailServer
) -> None:
    await mail_server.stop()
    admin, story = served.client(served.ours.admin), served.story()
    await admin.call("PATCH", PATH, AT_ONCE)
    events = [story.created(), story.assigned(served.ours.admin, by=served.ours.owner)]
    await served.send(*events)
    await served.handled(events)
    assert (await admin.call("GET", "/orgs/ours/inbox")).body["unread"] == 1

    async def said() -> str:
        checks = (await Client(admin.url, {}).call("GET", "/readyz")).body["checks"]
        return next(str(check["detail"]) for check in checks if check["name"] == "mails")

    assert await eventually(said, lambda detail: "waits for smtp" in detail)
    assert (await Client(admin.url, {}).call("GET", "/readyz")).status == 200
    await mail_server.start()
    assert len(await eventually(lambda: _taken(mail_server), bool)) == 1
    assert await eventually(said, lambda detail: detail == "sending")


class TestPreferences:
    async def test_they_are_the_defaults_until_they_are_changed(self, served: Running) -> None:
        answer = await served.client(served.ours.viewer).call("GET", PATH)
        assert (answer.status, answer.headers["etag"]) == (200, '"0"')
        assert answer.body == {
            "mail": {str(reason): reason is not Reason.STATUS_CHANGED for reason in Reason},
            "mail_delay_seconds": 60,
            "quiet_hours": None,
            "urgent_through": True,
            "muted_until": None,
            "language": "en",
            "language_chosen": False,
            "digest_hour": None,
            "digest_zone": None,
            "version": 0,
        }

    async def test_what_is_given_is_changed_and_the_rest_stays(self, served: Running) -> None:
        client = served.client(served.ours.viewer)
        quiet = {"from": "22:00", "to": "07:00", "zone": "Europe/Madrid"}
        await client.call("PATCH", PATH, {"quiet_hours": quiet, "mail": {"commented": False}})
        answer = await client.call("PATCH", PATH, {"language": "es", "mail": {"status_changed": True}})
        assert answer.status == 200
        assert (answer.body["quiet_hours"], answer.body["language"], answer.body["version"]) == (quiet, "es", 2)
        turned = {reason for reason, on in answer.body["mail"].items() if not on}
        assert turned == {"commented"}
        muted = await client.call("PATCH", PATH, {"quiet_hours": None, "muted_until": "2030-01-01T00:00:00Z"})
        assert (muted.body["quiet_hours"], muted.body["muted_until"]) == (None, "2030-01-01T00:00:00Z")
        assert (await client.call("GET", PATH)).body == muted.body

    async def test_a_language_is_chosen_and_left_to_the_org_again(self, served: Running) -> None:
        client = served.client(served.ours.viewer)
        chosen = (await client.call("PATCH", PATH, {"language": "es"})).body
        assert (chosen["language"], chosen["language_chosen"]) == ("es", True)
        left = (await client.call("PATCH", PATH, {"language": None})).body
        assert (left["language"], left["language_chosen"]) == ("en", False)

    async def test_the_hour_of_a_digest_is_of_a_zone(self, served: Running) -> None:
        client = served.client(served.ours.viewer)
        refused = await client.call("PATCH", PATH, {"digest_hour": 8})
        assert (refused.status, refused.body["errors"][0]["code"]) == (400, "required")
        quiet = {"from": "22:00", "to": "07:00", "zone": "Europe/Madrid"}
        taken = (await client.call("PATCH", PATH, {"digest_hour": 8, "quiet_hours": quiet})).body
        assert (taken["digest_hour"], taken["digest_zone"]) == (8, "Europe/Madrid")
        kept = (await client.call("PATCH", PATH, {"digest_hour": 0, "quiet_hours": None})).body
        assert (kept["digest_hour"], kept["digest_zone"]) == (0, "Europe/Madrid")
        assert (await client.call("PATCH", PATH, {"digest_hour": None})).body["digest_hour"] is None

    async def test_they_are_of_the_person_alone(self, served: Running) -> None:
        await served.client(served.ours.owner).call("PATCH", PATH, {"language": "es"})
        assert (await served.client(served.ours.admin).call("GET", PATH)).body["language"] == "en"
        assert (await Client(served.client(served.ours.owner).url, {}).call("GET", PATH)).status == 401

    async def test_a_version_that_was_overtaken_is_refused(self, served: Running) -> None:
        client = served.client(served.ours.owner)
        assert (await client.call("PATCH", PATH, {"language": "es"}, **{"If-Match": '"0"'})).status == 200
        assert (await client.call("PATCH", PATH, {"language": "en"}, **{"If-Match": '"0"'})).status == 412

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"mail": {"unknown": True}}, "/mail", "not-allowed"),
            ({"mail_delay_seconds": 3601}, "/mail_delay_seconds", "out-of-range"),
            ({"mail_delay_seconds": -1}, "/mail_delay_seconds", "out-of-range"),
            ({"quiet_hours": {"from": "22:00", "to": "07:00"}}, "/quiet_hours/zone", "required"),
            (
                {"quiet_hours": {"from": "22:00", "to": "07:00", "zone": "Mars/Base"}},
                "/quiet_hours/zone",
                "not-allowed",
            ),
            ({"quiet_hours": {"from": "24:00", "to": "07:00", "zone": "UTC"}}, "/quiet_hours/from", "format"),
            ({"quiet_hours": {"from": "07:00", "to": "07:00", "zone": "UTC"}}, "/quiet_hours/to", "not-allowed"),
            ({"muted_until": "2030-01-01T00:00:00"}, "/muted_until", "timezone"),
            ({"language": "../es"}, "/language", "not-allowed"),
            ({"digest_hour": 24, "digest_zone": "UTC"}, "/digest_hour", "out-of-range"),
            ({"digest_hour": 8}, "/digest_zone", "required"),
            ({"digest_hour": 8, "digest_zone": "Mars/Base"}, "/digest_zone", "not-allowed"),
            ({"digest": True}, "/digest", "unknown-field"),
        ],
    )
    async def test_what_is_wrong_is_named(self, served: Running, body: dict[str, Any], pointer: str, code: str) -> None:
        answer = await served.client(served.ours.owner).call("PATCH", PATH, body)
        assert answer.status == 400
        assert [(error["pointer"], error["code"]) for error in answer.body["errors"]] == [(pointer, code)]


class TestUnsubscribing:
    async def test_a_link_of_a_mail_turns_its_reason_off_when_it_is_posted(
        self, served: Running, mail_server: FakeMailServer
    ) -> None:
        admin, story = served.client(served.ours.admin), served.story()
        await admin.call("PATCH", PATH, AT_ONCE | {"language": "es"})
        await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        (mail,) = await eventually(lambda: _taken(mail_server), bool)
        link = str(mail["List-Unsubscribe"]).strip("<>").removeprefix(LINKS.public_url)
        stranger = Client(admin.url, {})
        assert (await stranger.call("GET", link)).body == {"language": "es", "kinds": ["tickets que se te asignan"]}
        assert (await admin.call("GET", PATH)).body["mail"]["assigned"] is True, "asking changes nothing"
        for _ in range(2):
            assert (await stranger.call("POST", link)).status == 204
        turned = (await admin.call("GET", PATH)).body["mail"]
        assert [reason for reason, on in turned.items() if not on] == ["assigned", "status_changed"]

        user, names, signature = link.removeprefix("/unsubscribe/").split("/")
        for forged in (
            f"/unsubscribe/{user}/mentioned/{signature}",
            f"/unsubscribe/{user}/{names},mentioned/{signature}",
            f"/unsubscribe/{served.ours.owner}/{names}/{signature}",
            f"/unsubscribe/{uuid4()}/{names}/{signature}",
            f"/unsubscribe/{user}/{names}/{signature[:-1]}A",
            f"/unsubscribe/{user}/{names}/x",
        ):
            for method in ("GET", "POST"):
                assert (await stranger.call(method, forged)).status == 404, forged
        assert (await admin.call("GET", PATH)).body["mail"] == turned


async def _taken(mail_server: FakeMailServer) -> list[Any]:
    return list(mail_server.taken)


async def _recorded(client: Client, ticket: object) -> list[tuple[str, str]]:
    answer = await client.call("GET", f"/orgs/ours/tickets/{ticket}/notices")
    return [(item["reason"], item["state"]) for item in answer.body["items"] if item["channel"] == "mail"]
