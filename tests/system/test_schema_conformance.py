"""Random requests made from the published document, as everybody who may call: no 5xx, every answer as documented.

They are made when a test runs, not as schemathesis does by itself when tests are collected: that takes seconds, in
every worker and whichever tests it runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from opsdash_chassis.service.clock import LEEWAY_SECONDS
from opsdash_gateway.rest.openapi import UPSTREAMS, upstream_document
from opsdash_gateway.rest.openapi.live import PATH as STREAM
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.databases import ServiceDatabase
from tests.support.fixtures import seed_of, seed_told
from tests.support.services import closed, operations, published_document, resolved
from tests.support.stack import CRON_SECRET, WORKSPACE_TOKEN, token
from tests.system.conftest import Door, sla_monitor

DOCUMENT = closed(published_document())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
TOKENS = {"feed": WORKSPACE_TOKEN, "cron": CRON_SECRET, "a service": token("gateway", "tickets")}
MEMBERS = ("owner", "admin", "member", "viewer")
CALLERS = (*MEMBERS, "stranger", "nobody", *TOKENS)
#: What says something about the answer; others are the same for all of them.
TELLING = {
    "allow",
    "content-disposition",
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-request-id",
}


def headers_are_described(_context: Any, response: Any, case: schemathesis.Case) -> None:
    """Every header that says something is in the document, for this operation and status."""
    if case.method.upper() != case.operation.method.upper():
        return  # OPTIONS, which says itself what there is
    answers = case.operation.definition.raw["responses"]
    described = resolved(answers.get(str(response.status_code), {}), DOCUMENT).get("headers", {})
    sent = {name.lower() for name in response.headers} & TELLING
    assert sent <= {name.lower() for name in described}, f"not described: {sent}"


CHECKS = [
    headers_are_described,
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SETTINGS = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
}
STORM_EXAMPLES, MOST_EXAMPLES, FEW_EXAMPLES = 50, 6, 1
#: A stream lasts as long as its token is accepted; one that is nearly over ends it within a second.
NEARLY_OVER_SECONDS = LEEWAY_SECONDS - 1


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line, default=str) for line in lines).encode()


@pytest.fixture(scope="module")
async def whole(door: Door, sla_template: ServiceDatabase, tmp_path_factory) -> AsyncIterator[Door]:
    """The door with the SLA monitor behind it."""
    async with sla_monitor(door, sla_template, tmp_path_factory.mktemp("monitor")):
        yield door


@pytest.fixture(scope="module")
async def existing(whole: Door) -> dict[str, str]:
    """A ticket and a comment, by the names of path parameters."""
    owner = whole.as_("owner")
    ticket = await owner.call("POST", "/api/orgs/ours/tickets", {"title": "Target of random requests"})
    reference = str(ticket.body["number"])
    comment = await owner.call("POST", f"/api/orgs/ours/tickets/{reference}/comments", {"body": "Target"})
    return {"reference": reference, "comment_id": comment.body["id"]}


def caller_of(operation: APIOperation) -> str:
    """Who may do what it does."""
    asked = operation.definition.raw.get("security", [{"user": []}])
    (scheme,) = {name for scheme in asked for name in scheme} or {"nobody"}
    return {"workspace": "feed", "cron": "cron", "nobody": "nobody"}.get(scheme, "owner")


def headers_of(caller: str, operation: APIOperation, door: Door) -> dict[str, str]:
    if caller == "nobody":
        return {}
    if caller in TOKENS:
        return {"Authorization": f"Bearer {TOKENS[caller]}"}
    user = getattr(door.api.ours, caller) if caller in MEMBERS else uuid4()
    ends = {"exp": int(time.time()) - NEARLY_OVER_SECONDS} if operation.path == STREAM else {}
    return door.api.stack.issuer.authorization(user, **ends)


class Checking:
    """Sends what was made up. The org always exists, ticket and comment mostly do: more than 404 is to be seen."""

    def __init__(self, caller: str, operation: APIOperation, door: Door, existing: Mapping[str, str]) -> None:
        self._url, self._existing = door.gateway.url, existing
        self._headers = partial(headers_of, caller, operation, door)
        #: The schema of a stream is that of its text; schemathesis takes it for that of each event.
        self._checks = [check for check in CHECKS if operation.path != STREAM or check != response_schema_conformance]

    def __call__(self, case: schemathesis.Case) -> None:
        parameters = case.path_parameters or {}
        if "slug" in parameters:
            parameters["slug"] = "ours"
        for name in self._existing.keys() & parameters.keys():
            if len(str(parameters[name])) % 4:
                parameters[name] = self._existing[name]
        case.call_and_validate(base_url=self._url, headers=self._headers(), checks=self._checks, timeout=20)


@pytest.mark.parametrize("examples", [MOST_EXAMPLES, pytest.param(STORM_EXAMPLES, marks=pytest.mark.storm)])
@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.path != STREAM], ids=lambda one: one.label)
def test_every_answer_is_as_documented(operation: APIOperation, examples: int, whole: Door, existing: dict[str, str]):
    """To who may call it, at length: the examples of the document, what it excludes, and made up ones."""
    send = Checking(caller_of(operation), operation, whole, existing)
    SCHEMA.config.seed = seed_of(operation.label)

    @settings(max_examples=examples, **SETTINGS)
    def check(case: schemathesis.Case) -> None:
        send(case)

    test = build_operation_test(
        config=SCHEMA.config, operation=operation, test_func=check, given_kwargs={}, feedback=FeedbackSources()
    )
    with seed_told():
        test()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_to_everybody_is_as_documented(
    operation: APIOperation, caller: str, whole: Door, existing: dict[str, str]
):
    send = Checking(caller, operation, whole, existing)
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

    @seed(seed_of(operation.label, caller))
    @settings(max_examples=FEW_EXAMPLES, phases=[Phase.generate], **SETTINGS)
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def check(case: schemathesis.Case) -> None:
        send(case)

    with seed_told():
        check()


async def test_no_published_operation_is_left_out(door: Door):
    """Neither of what the gateway serves, nor of what the owners behind it say of themselves."""
    served = (await door.anonymous().call("GET", "/schema/openapi.json")).body
    tried = {operation.label for operation in OPERATIONS}
    assert tried == {f"{method} {path}" for method, path, _ in operations(served)}
    owned = {f"{method} /api{path}" for owner in UPSTREAMS for method, path, _ in operations(upstream_document(owner))}
    assert owned < tried
