"""Whom and what the tickets API refuses: roles, plans, other tenants, bad input."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.stacks import Api


def pointers(body: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in body["errors"]]


class TestRights:
    @pytest.mark.parametrize(
        ("role", "expected"),
        [
            ("owner", (201, 200, 204)),
            ("admin", (201, 200, 204)),
            ("member", (201, 200, 403)),
            ("viewer", (403, 403, 403)),
        ],
    )
    async def test_roles_may_what_the_table_says(self, api: Api, role: str, expected: tuple[int, int, int]):
        path = f"{api.path}/{(await api.as_('owner').create_ticket('ours'))['id']}"
        client = api.as_(role)
        created = await client.call("POST", api.path, {"title": "x"})
        patched = await client.call("PATCH", path, {"title": "y"})
        deleted = await client.call("DELETE", path)
        assert (created.status, patched.status, deleted.status) == expected
        if role == "viewer":
            assert created.body["type"] == "/problems/role-too-low"

    async def test_the_free_plate_has_no_support(self, api: Api):
        client = api.as_("owner", api.free)
        for method, path in (
            ("GET", "/orgs/free/tickets"),
            ("POST", "/orgs/free/tickets"),
            ("GET", "/orgs/free/tickets/1"),
        ):
            answer = await client.call(method, path, {"title": "x"} if method == "POST" else None)
            assert (answer.status, answer.body["type"]) == (403, "/problems/feature-not-available")
            assert answer.body["plates"] == ["sales", "growth", "full_loop", "agency"]

    async def test_me_lists_exactly_the_callers_orgs(self, api: Api):
        body = (await api.as_("viewer").call("GET", "/me")).body
        assert body == {
            "user_id": str(api.ours.viewer),
            "orgs": [{"id": str(api.ours.id), "slug": "ours", "name": "Ours", "plate": "agency", "role": "viewer"}],
        }
        stranger = api.stack.client(api.service, uuid4())
        assert (await stranger.call("GET", "/me")).body["orgs"] == []


class TestTenants:
    ROUTES = (("GET", ""), ("POST", ""), ("GET", "/{}"), ("PATCH", "/{}"), ("DELETE", "/{}"))

    @pytest.mark.parametrize(("method", "suffix"), ROUTES)
    async def test_foreign_and_unknown_look_the_same(self, api: Api, method: str, suffix: str):
        theirs = await api.as_("owner", api.foreign).create_ticket("foreign", "Secret")
        body = {"title": "x"} if method in {"POST", "PATCH"} else None
        outsider = api.as_("owner")
        path = suffix.format(theirs["id"])
        answers = [await outsider.call(method, f"/orgs/{org}/tickets{path}", body) for org in ("foreign", "nowhere")]
        if suffix:
            answers += [
                await outsider.call(method, f"{api.path}{suffix.format(value)}", body)
                for value in (theirs["id"], uuid4(), "not-an-id", 999_999_999)
            ]
        stripped = [{k: v for k, v in answer.body.items() if k not in {"trace_id", "instance"}} for answer in answers]
        assert {answer.status for answer in answers} == {404}
        assert all(body == stripped[0] for body in stripped)
        still = await api.as_("owner", api.foreign).call("GET", f"/orgs/foreign/tickets/{theirs['id']}")
        assert still.body == theirs


PROTECTED = ["org_id", "tenant_id", "id", "created_at", "author_id", "number", "breached", "version", "sla_source",
             "resolved_at", "created_by", "reopen_count", "company_id", "sla_state", "sla_outcome"]  # fmt: skip


class TestBadInput:
    @pytest.mark.parametrize("field", PROTECTED)
    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    async def test_protected_and_unknown_fields_are_refused(self, api: Api, method: str, field: str):
        client = api.as_("member")
        path = api.path if method == "POST" else f"{api.path}/{(await client.create_ticket('ours'))['id']}"
        answer = await client.call(method, path, {"title": "x", field: None})
        assert (answer.status, pointers(answer.body)) == (400, [f"/{field}"])

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "/title"),
            ({"title": ""}, "/title"),
            ({"title": "\u200b \u202e"}, "/title"),
            ({"title": "x" * 201}, "/title"),
            ({"title": 5}, "/title"),
            ({"title": "x", "description": "x" * 20_001}, "/description"),
            ({"title": "x", "priority": "Urgent"}, "/priority"),
            ({"title": "x", "priority": " low"}, "/priority"),
            ({"title": "x", "status": "done"}, "/status"),
            ({"title": "x", "category": "Feature Request"}, "/category"),
            ({"title": "x", "assignee_id": "me"}, "/assignee_id"),
            ({"title": "x", "sla_due_at": "2030-01-31T12:00:00"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "2030-02-30T12:00:00Z"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "0001-01-01T00:00:00+14:00"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "9999-12-31T23:59:59-14:00"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": 1893456000}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "2016-12-31T23:59:60Z"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "2020-01-01T00:00:00Z"}, "/sla_due_at"),
            ({"title": "x", "sla_due_at": "2090-01-01T00:00:00Z"}, "/sla_due_at"),
        ],
    )
    async def test_bad_values_name_their_field(self, api: Api, body: dict[str, Any], pointer: str):
        answer = await api.as_("member").call("POST", api.path, body)
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
        assert pointers(answer.body) == [pointer]

    @pytest.mark.parametrize(
        "query",
        [
            "status=done",
            "sort=title",
            "assignee=nobody",
            "sla=late",
            "created_from=today",
            "q=" + "x" * 201,
            "limit=1&limit=2",
            "x=1",
            "cursor=%ff",
            "limit=%00",
        ],
    )
    async def test_unknown_and_repeated_parameters_are_refused(self, api: Api, query: str):
        assert (await api.as_("member").call("GET", f"{api.path}?{query}")).status == 400
