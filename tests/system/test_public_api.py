"""The public API from outside: every published route against foreign callers, bad tokens and bad bodies."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opsdash_contracts.envelope import decode
from opsdash_contracts.topics import TICKETS
from opsdash_gateway.rest.openapi import upstream_document

from tests.support.brokers import Witness
from tests.support.measurements import eventually
from tests.system.conftest import Door

METHODS = ("get", "post", "patch", "delete")
ROUTES = [
    (method.upper(), f"/api{path}")
    for path, item in upstream_document("tickets")["paths"].items()
    for method in METHODS
    if method in item
]
ORG_ROUTES = [route for route in ROUTES if "{slug}" in route[1]]
TICKET_ROUTES = [route for route in ROUTES if "{reference}" in route[1]]
BODIES: dict[str, Any] = {
    "/api/orgs/{slug}/tickets": {"title": "x"},
    "/api/orgs/{slug}/tickets/bulk": {"ids": [str(uuid4())], "patch": {"title": "x"}},
    "/api/orgs/{slug}/tickets/{reference}": {"title": "x"},
}


def body_of(method: str, path: str) -> Any:
    return BODIES.get(path) if method in {"POST", "PATCH"} else None


def same(bodies: list[dict[str, Any]]) -> bool:
    stripped = [{key: value for key, value in body.items() if key not in {"trace_id", "instance"}} for body in bodies]
    return all(body == stripped[0] for body in stripped)


class TestTenants:
    @pytest.mark.parametrize(("method", "path"), ORG_ROUTES)
    async def test_another_org_is_404_like_one_that_does_not_exist(self, door: Door, method: str, path: str):
        theirs = await door.as_("owner", door.api.foreign).call(
            "POST", "/api/orgs/foreign/tickets", {"title": "secret"}
        )
        outsider, body = door.as_("owner"), body_of(method, path)
        answers = [
            await outsider.call(method, path.format(slug=slug, reference=theirs.body["id"]), body)
            for slug in ("foreign", "nowhere", "Not-A-Slug", "..")
        ]
        assert {answer.status for answer in answers} == {404}
        assert same([answer.body for answer in answers])

    @pytest.mark.parametrize(("method", "path"), TICKET_ROUTES)
    async def test_another_orgs_ticket_is_404_like_an_unknown_one(self, door: Door, method: str, path: str):
        theirs = await door.as_("owner", door.api.foreign).call(
            "POST", "/api/orgs/foreign/tickets", {"title": "secret"}
        )
        outsider, body = door.as_("owner"), body_of(method, path)
        answers = [
            await outsider.call(method, path.format(slug="ours", reference=reference), body)
            for reference in (theirs.body["id"], uuid4(), "no-id", "9" * 18, "%2e%2e", "a%2fb")
        ]
        assert {answer.status for answer in answers} == {404}
        assert same([answer.body for answer in answers])

    @pytest.mark.parametrize(("method", "path"), ORG_ROUTES)
    async def test_the_free_plate_gets_403_on_every_support_route(self, door: Door, method: str, path: str):
        answer = await door.as_("owner", door.api.free).call(
            method, path.format(slug="free", reference=1), body_of(method, path)
        )
        assert (answer.status, answer.body["type"]) == (403, "/problems/feature-not-available")

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_nobody_gets_in_without_a_token(self, door: Door, method: str, path: str):
        target = path.format(slug="ours", reference=1)
        answers = [
            await client.call(method, target, body_of(method, path))
            for client in (
                door.anonymous(), door.anonymous(Authorization="Bearer x"), door.anonymous(Authorization="Basic eDp5"),
                door.sync(),
            )
        ]  # fmt: skip
        assert {answer.status for answer in answers} == {401}
        assert {answer.headers["WWW-Authenticate"] for answer in answers} == {'Bearer error="invalid_token"'}
        assert same([answer.body for answer in answers])

    async def test_the_owner_service_decides_again_for_a_direct_caller(self, door: Door):
        direct = door.api.as_("owner")
        assert (await direct.call("GET", "/orgs/foreign/tickets")).status == 404
        direct.headers.clear()
        assert (await direct.call("GET", "/orgs/ours/tickets")).status == 401


class TestAnswers:
    async def test_problems_name_the_path_the_client_called(self, door: Door):
        answer = await door.as_("owner").call("GET", "/api/orgs/ours/tickets/999999")
        assert answer.body["instance"] == "/api/orgs/ours/tickets/999999"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert re.fullmatch(r"[0-9a-f]{32}", answer.body["trace_id"])

    async def test_operations_are_not_public(self, door: Door):
        for path in ("/metrics", "/livez", "/readyz", "/internal", "/debug"):
            assert (await door.anonymous().call("GET", path)).status in {401, 404}
        assert door.gateway.status_of("/metrics") == 200

    async def test_location_and_etag_lead_to_the_ticket(self, door: Door):
        client = door.as_("member")
        created = await client.call("POST", "/api/orgs/ours/tickets", {"title": "Located"})
        found = await client.call("GET", created.headers["Location"])
        assert found.body.pop("comments")["items"] == []
        assert (found.body, found.headers["ETag"]) == (created.body, created.headers["ETag"])

    async def test_exports_come_through_as_they_are(self, door: Door):
        client = door.as_("member")
        for index in range(3):
            await client.call("POST", "/api/orgs/ours/tickets", {"title": f"exported {index}"})
        answer = await client.call("GET", "/api/orgs/ours/tickets.csv?q=exported")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="tickets-ours.csv"'
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.body.startswith('\ufeff"number"')
        assert answer.body.count("\r\n") == 4
        refused = await client.call("GET", "/api/orgs/ours/tickets.csv?status=done")
        assert (refused.status, refused.headers["Content-Type"]) == (400, "application/problem+json")


class TestWorkspaceFeed:
    async def test_a_new_org_can_work_as_soon_as_it_is_synced(self, door: Door):
        org, member, user = uuid4(), uuid4(), uuid4()
        lines = [
            {"op": "put", "kind": "org", "id": str(org),
             "body": {"org_id": str(org), "slug": "fresh", "name": "Fresh", "plate": "sales", "version": 1}},
            {"op": "put", "kind": "member", "id": str(member),
             "body": {"org_id": str(org), "member_id": str(member), "user_id": str(user), "name": "Ada", "email": None,
                      "role": "owner", "version": 1}},
        ]  # fmt: skip
        synced = await door.sync().call_raw(
            "POST", "/api/workspace/batch", "\n".join(json.dumps(line) for line in lines), "application/x-ndjson"
        )
        assert (synced.status, synced.body) == (202, {"accepted": 2})
        ada = door.anonymous(**door.api.stack.issuer.authorization(user))

        async def orgs() -> list[str]:
            return [org["slug"] for org in (await ada.call("GET", "/api/me")).body["orgs"]]

        await eventually(orgs, lambda slugs: slugs == ["fresh"])
        async with Witness(door.api.stack.kafka.bootstrap_servers, TICKETS) as witness:
            created = await ada.call("POST", "/api/orgs/fresh/tickets", {"title": "First"})
            assert (created.status, created.body["number"]) == (201, 1)
            key = created.body["id"].encode()
            await witness.wait_until(lambda records: any(record.key == key for record in records))
            (record,) = [record for record in witness.records if record.key == key]
        event = decode(record.headers, record.key, record.value)
        assert (event.envelope.type, event.envelope.actor_id) == ("support_ticket.created", user)

    async def test_users_cannot_feed_the_directory(self, door: Door):
        answer = await door.as_("owner").call("PUT", f"/api/workspace/org/{uuid4()}", {})
        assert answer.status == 401


class TestLimits:
    async def test_a_thousand_parallel_requests_of_one_person_leave_the_others_alone(self, door: Door):
        noisy, quiet = door.as_("viewer"), door.as_("member", door.api.foreign)
        assert (await noisy.call("GET", "/api/me")).status == 200, "the issuer's keys are known before the flood"
        many = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=many, headers=noisy.headers) as session:

            async def ask() -> tuple[int, str | None, bytes]:
                async with session.get(f"{noisy.url}/api/me") as answer:
                    return answer.status, answer.headers.get("Retry-After"), await answer.read()

            flood = [asyncio.create_task(ask()) for _ in range(1000)]
            calm = [await quiet.call("GET", "/api/orgs/foreign/tickets") for _ in range(5)]
            answers = await asyncio.gather(*flood)
        assert {answer.status for answer in calm} == {200}
        assert {status for status, _, _ in answers} == {200, 429}
        refused = next(answer for answer in answers if answer[0] == 429)
        assert int(refused[1] or 0) >= 1
        assert json.loads(refused[2])["type"] == "/problems/too-many-requests"


class TestUpstreamAway:
    async def test_a_frozen_owner_is_a_503_with_retry_after_and_comes_back_alone(self, door: Door):
        client = door.as_("member")
        door.api.service.sigstop()
        try:
            answer = await client.call("GET", "/api/orgs/ours/tickets")
            assert (answer.status, answer.body["type"]) == (503, "/problems/unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert door.gateway.is_ready()
        finally:
            door.api.service.sigcont()

        async def status() -> int:
            return (await client.call("GET", "/api/orgs/ours/tickets")).status

        await eventually(status, lambda status: status == 200)
