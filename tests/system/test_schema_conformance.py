"""Random requests made from the published OpenAPI document: never a 5xx, every answer as documented."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from opsdash_chassis.http.internal import ServiceToken
from opsdash_gateway.api.workspace import workspace_router
from opsdash_gateway.openapi import build_document
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.stack import WORKSPACE_TOKEN
from tests.system.conftest import Door

DOCUMENT = build_document([workspace_router(ServiceToken(WORKSPACE_TOKEN))], dependencies={"publisher": None})
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line, default=str) for line in lines).encode()


@pytest.fixture(scope="module")
async def living_ticket(door: Door) -> str:
    created = await door.as_("owner").call("POST", "/api/orgs/ours/tickets", {"title": "Target of random requests"})
    return str(created.body["number"])


@SCHEMA.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_as_documented(case: schemathesis.Case, door: Door, living_ticket: str):
    """The org always exists and the ticket mostly does, so that more than 404 is exercised."""
    if "slug" in (case.path_parameters or {}):
        case.path_parameters["slug"] = "ours"
    if "reference" in (case.path_parameters or {}) and len(str(case.path_parameters["reference"])) % 4:
        case.path_parameters["reference"] = living_ticket
    token = (
        WORKSPACE_TOKEN if case.path.startswith("/api/workspace") else door.api.stack.issuer.token(door.api.ours.owner)
    )
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(base_url=door.gateway.url, headers=headers, checks=CHECKS, timeout=20)
