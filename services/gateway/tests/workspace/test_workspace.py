"""The workspace feed: who may use it, what it refuses, and that a repeat is the same event."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from opsdash_contracts.envelope import decode
from opsdash_gateway.publishing.publisher import Publisher
from opsdash_gateway.workspace.batches import MAXIMUM_BYTES, read_batch
from opsdash_http.errors.problems import unavailable

ORG = "22222222-2222-4222-8222-222222222222"
MEMBER = "33333333-3333-4333-8333-333333333333"
USER = "44444444-4444-4444-8444-444444444444"
CONTACT = "55555555-5555-4555-8555-555555555555"
TOKEN = "Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6"

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "org": (ORG, {"slug": "brightside", "name": "Brightside", "plate": "sales", "version": 3}),
    "member": (
        MEMBER,
        {"org_id": ORG, "user_id": USER, "name": "Ada", "email": None, "role": "owner", "version": 1},
    ),
    "contact": (CONTACT, {"org_id": ORG, "name": "Bo", "email": "b@x.test", "company_id": None, "version": 1}),
    "company": (MEMBER, {"org_id": ORG, "name": "Corp", "version": 9}),
    "project": (MEMBER, {"org_id": ORG, "name": "Site", "version": 1}),
}


def line(op: str, kind: str, entity_id: str, body: dict[str, Any]) -> bytes:
    return json.dumps({"op": op, "kind": kind, "id": entity_id, "body": body}).encode() + b"\n"


def errors_of(body: bytes) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in json.loads(body)["errors"]]


class TestPut:
    @pytest.mark.parametrize("kind", BODIES)
    async def test_is_published_as_a_message_consumers_can_read(self, gateway: Any, kind: str) -> None:
        entity_id, body = BODIES[kind]
        status, _, answer = await gateway.call("PUT", f"/api/workspace/{kind}/{entity_id}", token=TOKEN, json=body)
        (event,) = gateway.publisher.events
        assert status == 202
        assert json.loads(answer) == {"event_id": str(event.envelope.id)}
        read = decode(event.envelope.to_headers(), event.key, event.value())
        assert (read.envelope.type, read.key) == (f"workspace.{kind}.upserted", entity_id.encode())
        assert read.envelope.sequence == body["version"]
        assert read.envelope.source == "/services/gateway"

    async def test_the_same_again_is_the_same_event(self, gateway: Any) -> None:
        entity_id, body = BODIES["org"]
        for _ in range(2):
            await gateway.call("PUT", f"/api/workspace/org/{entity_id}", token=TOKEN, json=body)
        first, second = gateway.publisher.events
        assert first.envelope.id == second.envelope.id
        assert first.value() == second.value()

    @pytest.mark.parametrize("change", [{"name": "Other"}, {"version": 4}])
    async def test_anything_else_is_another_event(self, gateway: Any, change: dict[str, Any]) -> None:
        entity_id, body = BODIES["org"]
        for changed in (body, body | change):
            await gateway.call("PUT", f"/api/workspace/org/{entity_id}", token=TOKEN, json=changed)
        first, second = gateway.publisher.events
        assert first.envelope.id != second.envelope.id

    @pytest.mark.parametrize(
        ("kind", "change", "error"),
        [
            ("org", {"name": ""}, ("/name", "too-short")),
            ("org", {"name": "x" * 201}, ("/name", "too-long")),
            ("org", {"name": 5}, ("/name", "type")),
            ("org", {"plate": "gold"}, ("/plate", "not-allowed")),
            ("org", {"slug": "No Slug"}, ("/slug", "format")),
            ("org", {"version": 0}, ("/version", "out-of-range")),
            ("org", {"version": "1"}, ("/version", "type")),
            ("org", {"version": 2**63}, ("/version", "out-of-range")),
            ("org", {"extra": 1}, ("/extra", "unknown-field")),
            ("org", {"org_id": USER}, ("/org_id", "id-mismatch")),
            ("member", {"member_id": USER}, ("/member_id", "id-mismatch")),
            ("member", {"user_id": "x"}, ("/user_id", "uuid")),
            ("member", {"user_id": None}, ("/user_id", "uuid")),
            ("member", {"role": "OWNER"}, ("/role", "not-allowed")),
            ("member", {"org_id": ...}, ("/org_id", "required")),
        ],
    )
    async def test_a_bad_value_is_400_with_its_pointer(
        self, gateway: Any, kind: str, change: dict[str, Any], error: tuple[str, str]
    ) -> None:
        entity_id, body = BODIES[kind]
        body = {name: value for name, value in (body | change).items() if value is not ...}
        status, _, answer = await gateway.call("PUT", f"/api/workspace/{kind}/{entity_id}", token=TOKEN, json=body)
        assert (status, errors_of(answer)) == (400, [error])
        assert gateway.publisher.events == []

    @pytest.mark.parametrize("path", ["ticket/" + ORG, "org/abc", "org"])
    async def test_an_unknown_kind_or_id_is_404(self, gateway: Any, path: str) -> None:
        status, _, _ = await gateway.call("PUT", f"/api/workspace/{path}", token=TOKEN, json={})
        assert status == 404

    async def test_an_array_is_400(self, gateway: Any) -> None:
        status, _, _ = await gateway.call("PUT", f"/api/workspace/org/{ORG}", token=TOKEN, json=[])
        assert status == 400

    async def test_no_confirmation_is_503(self, gateway: Any) -> None:
        gateway.publisher.failure = unavailable("The message broker did not confirm in time.", 2)
        entity_id, body = BODIES["org"]
        status, headers, _ = await gateway.call("PUT", f"/api/workspace/org/{entity_id}", token=TOKEN, json=body)
        assert (status, headers["retry-after"]) == (503, "2")


class TestDelete:
    async def test_an_org_needs_its_version_only(self, gateway: Any) -> None:
        status, _, _ = await gateway.call("DELETE", f"/api/workspace/org/{ORG}?version=7", token=TOKEN)
        (event,) = gateway.publisher.events
        assert (status, event.envelope.type, event.envelope.sequence) == (202, "workspace.org.removed", 7)
        assert decode(event.envelope.to_headers(), event.key, event.value()).envelope.subject == ORG

    async def test_anything_else_names_its_org(self, gateway: Any) -> None:
        path = f"/api/workspace/contact/{CONTACT}?version=7"
        status, _, answer = await gateway.call("DELETE", path, token=TOKEN)
        assert (status, errors_of(answer)) == (400, [("/query/org_id", "required")])
        assert (await gateway.call("DELETE", f"{path}&org_id={ORG}", token=TOKEN))[0] == 202

    @pytest.mark.parametrize("query", ["", "?version=0", "?version=abc", f"?version=1&org_id={USER}", "?v=1"])
    async def test_bad_parameters_are_400(self, gateway: Any, query: str) -> None:
        assert (await gateway.call("DELETE", f"/api/workspace/org/{ORG}{query}", token=TOKEN))[0] == 400
        assert gateway.publisher.events == []


class TestWhoMayFeed:
    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    @pytest.mark.parametrize("token", ["", TOKEN[:-1], TOKEN + "x", "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB"])
    async def test_only_the_holder_of_the_token(self, gateway: Any, method: str, token: str) -> None:
        entity_id, body = BODIES["org"]
        status, headers, _ = await gateway.call(
            method, f"/api/workspace/org/{entity_id}?version=1", token=token, json=body
        )
        assert status == 401
        assert headers["www-authenticate"] == 'Bearer error="invalid_token"'

    async def test_no_user(self, gateway: Any) -> None:
        status, _, _ = await gateway.call("POST", "/api/workspace/batch", token=gateway.token, data=b"{}")
        assert status == 401


NDJSON = {"Content-Type": "application/x-ndjson"}


class TestBatch:
    async def send(self, gateway: Any, data: bytes, **headers: str) -> tuple[int, bytes]:
        status, _, body = await gateway.call(
            "POST", "/api/workspace/batch", token=TOKEN, data=data, headers={**NDJSON, **headers}
        )
        return status, body

    async def test_every_line_is_published_in_order(self, gateway: Any) -> None:
        lines = [line("put", kind, entity_id, body) for kind, (entity_id, body) in BODIES.items()]
        lines.append(line("delete", "contact", CONTACT, {"org_id": ORG, "version": 8}))
        lines.append(b"\n")
        status, body = await self.send(gateway, b"".join(lines))
        assert (status, json.loads(body)) == (202, {"accepted": 6})
        types = [event.envelope.type for event in gateway.publisher.events]
        assert types == [f"workspace.{kind}.upserted" for kind in BODIES] + ["workspace.contact.removed"]

    async def test_one_bad_line_publishes_nothing_and_every_bad_line_is_named(self, gateway: Any) -> None:
        entity_id, body = BODIES["org"]
        lines = [
            line("put", "org", entity_id, body),
            line("put", "org", entity_id, body | {"plate": "gold"}),
            b"nonsense\n",
            line("put", "thing", entity_id, body),
            line("drop", "org", entity_id, body),
            line("delete", "contact", CONTACT, {"version": 1}),
            line("delete", "contact", CONTACT, {"version": "1", "org_id": ORG}),
            line("put", "org", "abc", body),
            b'{"op":"put","kind":"org","id":"' + ORG.encode() + b'","body":{"name":"a\\u0000"}}\n',
        ]
        status, answer = await self.send(gateway, b"".join(lines))
        assert status == 400
        assert errors_of(answer) == [
            ("/1/body/plate", "not-allowed"),
            ("/2", "invalid-json"),
            ("/3/kind", "not-allowed"),
            ("/4/op", "not-allowed"),
            ("/5/body/org_id", "required"),
            ("/6/body/version", "type"),
            ("/7/id", "uuid"),
            ("/8", "invalid-json"),
        ]
        assert gateway.publisher.events == []

    async def test_a_thousand_bad_lines_report_a_hundred(self, gateway: Any) -> None:
        status, answer = await self.send(gateway, b"{}\n" * 1000)
        assert (status, len(errors_of(answer))) == (400, 100)

    @pytest.mark.parametrize("data", [b"", b"\n\n"])
    async def test_an_empty_batch_is_400(self, gateway: Any, data: bytes) -> None:
        assert (await self.send(gateway, data))[0] == 400

    async def test_five_megabytes_of_line_ends_are_refused(self, gateway: Any) -> None:
        for data, code in ((b"\n" * MAXIMUM_BYTES, "invalid-json"), (b"{}" + b"\n" * 5_000_000, "batch-too-long")):
            status, answer = await self.send(gateway, data)
            assert (status, json.loads(answer)["type"]) == (400, f"/problems/{code}")

    async def test_a_line_may_have_64_kib(self, gateway: Any) -> None:
        entity_id, body = BODIES["org"]
        long = line("put", "org", entity_id, body | {"name": "x" * 64 * 1024})
        status, answer = await self.send(gateway, line("put", "org", entity_id, body) + long)
        assert (status, errors_of(answer)) == (400, [("/1", "too-long")])

    async def test_others_are_served_while_a_long_batch_is_read(self) -> None:
        served = 0

        async def others() -> None:
            nonlocal served
            while True:
                await asyncio.sleep(0)
                served += 1

        task = asyncio.create_task(others())
        entity = line("put", "company", MEMBER, {"org_id": ORG, "name": "C", "version": 1})
        assert len(await read_batch(entity * 10_000)) == 10_000
        task.cancel()
        assert served > 10

    async def test_of_many_unknown_fields_a_hundred_are_named_by_their_beginnings(self, gateway: Any) -> None:
        fields = {f"{number}" * 50: 1 for number in range(1000, 2000)}
        status, _, answer = await gateway.call("PUT", f"/api/workspace/org/{ORG}", token=TOKEN, json=fields)
        pointers = [pointer for pointer, code in errors_of(answer) if code == "unknown-field"]
        assert (status, len(pointers), max(map(len, pointers))) == (400, 100, 101)

    async def test_limits(self, gateway: Any) -> None:
        assert (await self.send(gateway, b"{}\n" * 10_001))[0] == 400
        assert (await self.send(gateway, b" " * (5 * 1024 * 1024 + 1)))[0] == 413

    async def test_a_batch_is_not_json(self, gateway: Any) -> None:
        assert (await self.send(gateway, b"[]", **{"Content-Type": "application/json"}))[0] == 415

    async def test_ten_thousand_lines_are_taken(self, gateway: Any) -> None:
        entities = [line("put", "company", str(uuid4()), {"org_id": ORG, "name": "C", "version": 1})] * 10_000
        assert (await self.send(gateway, b"".join(entities)))[0] == 202
        assert len(gateway.publisher.events) == 10_000


class TestRealPublisher:
    async def test_without_a_broker_the_answer_is_503_within_the_deadline(self, start_gateway: Any) -> None:
        gateway = await start_gateway()
        publisher = Publisher(gateway.publisher._settings)
        async with asyncio.timeout(30):
            with pytest.raises(Exception, match="unavailable"):
                await publisher.publish(gateway.publisher.events, 0.5)
        await publisher.stop()
