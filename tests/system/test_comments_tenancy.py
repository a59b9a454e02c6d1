"""No comment is reached from another org or through another ticket: every route, every field that holds an id."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from opsdash_gateway.rest.openapi import upstream_document
from opsdash_http.openapi import METHODS

from tests.support.stack import Client
from tests.system.conftest import Door
from tests.system.test_comments import new_thread, write

ROUTES = [
    (method.upper(), path)
    for path, item in upstream_document("comments")["paths"].items()
    for method in METHODS
    if method in item
]
COMMENT_ROUTES = [route for route in ROUTES if "{comment_id}" in route[1]]
NO_IDS = ("no-id", "1", "9" * 18, "a%2fb")


def body_of(method: str) -> Any:
    return {"body": "intruding"} if method in {"POST", "PATCH"} else None


def without_trace(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in {"trace_id", "instance"}}


async def statuses(client: Client, method: str, paths: list[str]) -> tuple[set[int], int]:
    """All statuses, and how many different bodies."""
    answers = [await client.call(method, path, body_of(method)) for path in paths]
    return {a.status for a in answers}, len({str(without_trace(a.body)) for a in answers})


async def theirs(door: Door) -> tuple[str, str]:
    """A ticket of the foreign org and a comment on it."""
    owner = door.as_("owner", door.api.foreign)
    ticket = await owner.call("POST", "/api/orgs/foreign/tickets", {"title": "secret"})
    comment = await write(owner, f"{ticket.headers['Location']}/comments", "secret")
    return ticket.body["id"], comment["id"]


class TestForeignOrg:
    @pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
    async def test_is_404_like_one_that_does_not_exist(self, door: Door, method: str, path: str):
        ticket, comment = await theirs(door)
        paths = [
            "/api" + path.format(slug=slug, reference=ticket, comment_id=comment)
            for slug in ("foreign", "nowhere", "Not-A-Slug")
        ]
        assert await statuses(door.as_("owner"), method, paths) == ({404}, 1)

    @pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
    async def test_its_ticket_under_our_org_is_404_like_an_unknown_one(self, door: Door, method: str, path: str):
        ticket, comment = await theirs(door)
        paths = [
            "/api" + path.format(slug="ours", reference=reference, comment_id=comment)
            for reference in (ticket, uuid4(), *NO_IDS[:1], "9" * 18)
        ]
        assert await statuses(door.as_("owner"), method, paths) == ({404}, 1)

    @pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
    async def test_the_owner_service_decides_it_too(self, door: Door, method: str, path: str):
        ticket, comment = await theirs(door)
        direct = Client(door.comments.url, door.as_("owner").headers)
        paths = [path.format(slug=slug, reference=ticket, comment_id=comment) for slug in ("foreign", "ours")]
        assert await statuses(direct, method, paths) == ({404}, 1)
        direct.headers.clear()
        assert await statuses(direct, method, paths) == ({401}, 1)

    async def test_nobody_outside_lets_the_owner_service_look_again_at_a_ticket(self, door: Door):
        ticket, _ = await theirs(door)
        direct = Client(door.comments.url, door.as_("owner").headers)
        paths = [f"/orgs/{slug}/tickets/{ticket}/thread" for slug in ("foreign", "ours", "nowhere")]
        assert await statuses(direct, "PUT", paths) == ({404}, 1)
        assert (await door.as_("owner").call("PUT", f"/api{paths[0]}")).status == 404
        direct.headers.clear()
        assert await statuses(direct, "PUT", paths) == ({401}, 1)

    @pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
    async def test_the_free_plate_is_403(self, door: Door, method: str, path: str):
        target = "/api" + path.format(slug="free", reference=1, comment_id=uuid4())
        answer = await door.as_("owner", door.api.free).call(method, target, body_of(method))
        assert (answer.status, answer.body["type"]) == (403, "/problems/feature-not-available")
        assert answer.body["plates"] == ["sales", "growth", "full_loop", "agency"]


class TestWrongParent:
    @pytest.mark.parametrize(("method", "path"), COMMENT_ROUTES, ids=map(" ".join, COMMENT_ROUTES))
    async def test_a_comment_under_another_ticket_is_404_like_an_unknown_one(self, door: Door, method: str, path: str):
        owner = door.as_("owner")
        here, there = await new_thread(door), await new_thread(door)
        elsewhere = await write(owner, there)
        _, foreign = await theirs(door)
        ticket = here.removesuffix("/comments").rpartition("/")[2]
        paths = [
            "/api" + path.format(slug="ours", reference=ticket, comment_id=comment_id)
            for comment_id in (elsewhere["id"], foreign, uuid4(), *NO_IDS)
        ]
        assert await statuses(owner, method, paths) == ({404}, 1)
        assert (await owner.call("GET", f"{there}/{elsewhere['id']}")).body == elsewhere


class TestIdsInBodies:
    async def test_a_parent_of_another_ticket_or_org_is_refused_like_an_unknown_one(self, door: Door):
        owner, here = door.as_("owner"), await new_thread(door)
        elsewhere = await write(owner, await new_thread(door))
        _, foreign = await theirs(door)
        answers = [
            await owner.call("POST", here, {"body": "x", "parent_id": str(parent)})
            for parent in (elsewhere["id"], foreign, uuid4())
        ]
        assert {answer.status for answer in answers} == {400}
        assert len({str(without_trace(answer.body)) for answer in answers}) == 1
        assert answers[0].body["errors"][0]["pointer"] == "/parent_id"
        assert (await owner.call("GET", here)).body["items"] == []

    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    async def test_mentioning_a_stranger_is_refused_like_an_unknown_person(self, door: Door, method: str):
        owner, here = door.as_("owner"), await new_thread(door)
        target = here if method == "POST" else f"{here}/{(await write(owner, here))['id']}"
        answers = [
            await owner.call(method, target, {"body": "x", "mentions": [str(door.api.ours.admin), str(person)]})
            for person in (door.api.foreign.member, uuid4())
        ]
        assert {answer.status for answer in answers} == {400}
        assert len({str(without_trace(answer.body)) for answer in answers}) == 1
        assert answers[0].body["errors"][0]["pointer"] == "/mentions"

    @pytest.mark.parametrize("field", ["parent_id", "mentions"])
    async def test_what_is_no_id_is_refused(self, door: Door, field: str):
        value = ["x"] if field == "mentions" else "x"
        answer = await door.as_("owner").call("POST", await new_thread(door), {"body": "x", field: value})
        assert (answer.status, answer.body["errors"][0]["pointer"].split("/")[1]) == (400, field)


class TestExistenceRoute:
    async def test_is_for_services_only(self, door: Door):
        path = f"/internal/orgs/{door.api.ours.id}/tickets/1"
        assert (await door.as_("owner").call("GET", f"/api{path}")).status == 404
        assert (await door.api.as_("owner").call("GET", path)).status == 401
