"""What makers of clients need of the document: one type for each thing, and every header that an answer has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from opsdash_gateway.rest.openapi.examples import examples
from opsdash_http.openapi import operations
from opsdash_http.openapi.schemas import references

from tests.support.services import closed, published_document, resolved

DOCUMENT = published_document()
STRICT = closed(DOCUMENT)
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {operation["operationId"]: operation for operation in operations(DOCUMENT)}
PROBLEMS = DOCUMENT["components"]["responses"]


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from parts(one)


def reachable(value: Any) -> set[str]:
    """The names of all schemas behind a part of the document."""
    found: set[str] = set()
    new = set(references(value))
    while new:
        found |= new
        new = {name for one in new for name in references(SCHEMAS[one])} - found
    return found


def headers_of(operation: str, status: str) -> set[str]:
    return set(resolved(OPERATIONS[operation]["responses"][status], DOCUMENT).get("headers", {}))


class TestSchemas:
    def test_a_title_is_the_name_and_nothing_else_has_one(self):
        assert {name: schema["title"] for name, schema in SCHEMAS.items()} == {name: name for name in SCHEMAS}
        assert sum(isinstance(part.get("title"), str) for part in parts(SCHEMAS)) == len(SCHEMAS)

    def test_one_enumeration_for_each_thing(self):
        values = [tuple(sorted(schema["enum"])) for schema in SCHEMAS.values() if "enum" in schema]
        assert len(values) == len(set(values))

    def test_schemas_have_no_defaults(self):
        """Else a generated client sends them with every patch that leaves the field as it is."""
        assert [part for part in parts(SCHEMAS) if "default" in part] == []

    def test_integers_are_64_bits_wide_and_have_no_bound_that_readers_round(self):
        found = [part for part in parts(DOCUMENT["paths"]) if part.get("type") == "integer"]
        found += [part for part in parts(SCHEMAS) if "integer" in (part.get("type"), *(part.get("type") or ()))]
        assert len(found) > 30
        assert all(part["format"] == "int64" and part.get("maximum", 0) < 2**53 for part in found)

    def test_what_is_sent_is_closed_and_what_is_answered_is_open(self):
        sent = reachable([operation.get("requestBody") for operation in OPERATIONS.values()])
        answered = reachable([operation["responses"] for operation in OPERATIONS.values()]) | reachable(PROBLEMS)
        objects = {name for name, schema in SCHEMAS.items() if "properties" in schema}
        assert objects <= sent | answered
        assert sent & answered & objects == set()
        assert {name for name in objects if SCHEMAS[name].get("additionalProperties") is False} == sent & objects

    def test_the_comments_of_a_ticket_say_by_their_status_what_they_are(self):
        comments = SCHEMAS["ComposedTicket"]["properties"]["comments"]
        assert comments["discriminator"]["propertyName"] == "status"
        for status, reference in comments["discriminator"]["mapping"].items():
            name = reference.removeprefix("#/components/schemas/")
            assert SCHEMAS[name]["properties"]["status"] == {"type": "string", "enum": [status]}
        assert len(comments["discriminator"]["mapping"]) == len(comments["oneOf"]) == 2

    def test_parameters_of_a_path_come_as_they_stand_there(self):
        """Clients that take them by position would ask for a ticket in an org of its number."""
        for path, item in DOCUMENT["paths"].items():
            for operation in item.values():
                named = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"]
                assert named == re.findall(r"{(\w+)}", path)

    def test_members_of_problems_have_types(self):
        assert all("type" in schema for schema in SCHEMAS["Problem"]["properties"].values())

    def test_csv_and_the_stream_are_text(self):
        for operation, media_type in (("exportTickets", "text/csv"), ("followEvents", "text/event-stream")):
            content = OPERATIONS[operation]["responses"]["200"]["content"]
            assert content[media_type]["schema"] == {"type": "string"}

    def test_a_patch_is_taken_as_a_merge_patch_too(self):
        patches = [name for name in OPERATIONS if name.startswith("patch")]
        assert len(patches) == 8
        for name in patches:
            assert set(OPERATIONS[name]["requestBody"]["content"]) == {
                "application/json",
                "application/merge-patch+json",
            }


class TestHeaders:
    @pytest.mark.parametrize(
        ("operation", "status", "named"),
        [
            ("createTicket", "201", {"ETag", "Location", "Idempotency-Replayed"}),
            ("getTicket", "200", {"ETag", "Retry-After"}),
            ("patchTicket", "200", {"ETag", "Idempotency-Replayed"}),
            ("deleteTicket", "204", {"Idempotency-Replayed"}),
            ("changeTicketsInBulk", "200", {"Idempotency-Replayed"}),
            ("createComment", "201", {"ETag", "Location", "Idempotency-Replayed"}),
            ("getComment", "200", {"ETag"}),
            ("recomputeSla", "200", {"ETag", "Idempotency-Replayed"}),
            ("exportTickets", "200", {"Content-Disposition"}),
            ("listTickets", "200", set()),
        ],
    )
    def test_each_answer_names_its_own(self, operation: str, status: str, named: set[str]):
        assert headers_of(operation, status) == named | {"X-Request-Id", "RateLimit", "RateLimit-Policy"}

    @pytest.mark.parametrize(
        ("status", "named"),
        [("401", "WWW-Authenticate"), ("405", "Allow"), ("429", "Retry-After"), ("503", "Retry-After")],
    )
    def test_refusals_name_theirs(self, status: str, named: str):
        for operation in [name for name, described in OPERATIONS.items() if described.get("security") != []]:
            assert {named, "X-Request-Id"} <= headers_of(operation, status)

    def test_services_have_no_request_limit(self):
        assert headers_of("putWorkspaceEntity", "202") == {"X-Request-Id"}


class TestExamples:
    def test_every_body_has_one(self):
        with_body = {name for name, operation in OPERATIONS.items() if "requestBody" in operation}
        assert set(examples()["bodies"]) == with_body

    def test_the_main_answers_have_one(self):
        described = {
            name
            for name, operation in OPERATIONS.items()
            for status in ("200", "201")
            for content in operation["responses"].get(status, {}).get("content", {}).values()
            if "example" in content
        }
        assert described == examples()["answers"].keys()
        assert described >= {"createTicket", "listTickets", "getTicket", "createComment", "changeTicketsInBulk"}

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_each_is_valid(self, operation: str):
        described = OPERATIONS[operation]
        success = [answer for status, answer in described["responses"].items() if status.startswith("2")]
        for part in [described.get("requestBody", {}), *success]:
            for content in part.get("content", {}).values():
                if "example" in content:
                    validator = Draft202012Validator(
                        resolved(content["schema"], STRICT), format_checker=Draft202012Validator.FORMAT_CHECKER
                    )
                    validator.validate(content["example"])

    @pytest.mark.parametrize("operation", ["listTickets", "getTicket", "createComment"])
    def test_an_example_that_is_not_what_is_answered_is_found(self, operation: str):
        example = {**examples()["answers"][operation], "no_such_member": 1}
        (answer,) = [answer for status, answer in OPERATIONS[operation]["responses"].items() if status.startswith("2")]
        schema = resolved(answer["content"]["application/json"]["schema"], STRICT)
        assert not Draft202012Validator(schema).is_valid(example)

    def test_those_of_problems_are_valid(self):
        for answer in PROBLEMS.values():
            (content,) = answer["content"].values()
            Draft202012Validator(resolved(content["schema"], STRICT)).validate(content["example"])
