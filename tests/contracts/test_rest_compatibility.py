"""Clients of the released OpenAPI document work with today's: see "Compatibility" in docs/reference/rest.md."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.contracts.release import breaking_rest_changes, released
from tests.support.services import published_document

TICKETS = "/api/orgs/{slug}/tickets"
Change = Callable[[dict[str, Any]], Any]


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def operation(document: dict[str, Any], method: str = "post", path: str = TICKETS) -> Any:
    return document["paths"][path][method]


def add_parameter(document: dict[str, Any], **fields: Any) -> None:
    operation(document)["parameters"].append({"in": "query", "name": "x", "schema": {"type": "string"}, **fields})


BREAKS: dict[str, tuple[Change, str]] = {
    "an operation": (lambda d: operation(d).clear() or d["paths"][TICKETS].pop("post"), f"POST {TICKETS} is gone"),
    "its name": (lambda d: operation(d).update(operationId="x"), f"POST {TICKETS} has another operationId"),
    "credentials": (lambda d: operation(d).update(security=[{"cron": []}]), "asks for other credentials"),
    "a parameter": (lambda d: operation(d, "get")["parameters"].pop(1), "parameter status is gone"),
    "a parameter to send": (lambda d: add_parameter(d, required=True), "parameter x is required"),
    "a parameter before others": (
        lambda d: operation(d, "get")["parameters"].insert(1, {"in": "query", "name": "x", "schema": {}}),
        "a new one is not the last",
    ),
    "the order of parameters": (
        lambda d: operation(d, "get")["parameters"].append(operation(d, "get")["parameters"].pop(1)),
        "parameters are in another order",
    ),
    "a default": (
        lambda d: next(p for p in operation(d, "get")["parameters"] if p["name"] == "limit")["schema"].update(
            default=9
        ),
        "parameter limit has another default",
    ),
    "an answer": (lambda d: operation(d)["responses"].pop("201"), "201 is gone"),
    "a header": (lambda d: operation(d)["responses"]["201"]["headers"].pop("ETag"), "header ETag is gone"),
    "a media type": (
        lambda d: operation(d, "patch", f"{TICKETS}/{{reference}}")["requestBody"]["content"].pop("application/json"),
        "body: application/json is gone",
    ),
    "a property of a body": (lambda d: schema(d, "CreateTicket")["properties"].pop("title"), "title is gone"),
    "a property to send": (
        lambda d: schema(d, "CreateTicket")["required"].append("priority"),
        "CreateTicket.priority is now required",
    ),
    "a shorter text": (
        lambda d: schema(d, "CreateTicket")["properties"]["description"].update(maxLength=9),
        "maxLength is lower",
    ),
    "no null in a body": (
        lambda d: schema(d, "PatchTicket")["properties"]["assignee_id"].update(type="string"),
        "PatchTicket.assignee_id is no longer null",
    ),
    "a property of an answer": (lambda d: schema(d, "TicketRow")["properties"].pop("number"), "number is gone"),
    "a property that may be absent": (
        lambda d: schema(d, "TicketRow")["required"].remove("number"),
        "TicketRow.number is no longer required",
    ),
    "null in an answer": (
        lambda d: schema(d, "TicketRow")["properties"]["number"].update(type=["integer", "null"]),
        "TicketRow.number may now be null",
    ),
    "another type": (
        lambda d: schema(d, "TicketRow")["properties"]["number"].update(type="string"),
        "TicketRow.number may now be string",
    ),
    "another schema": (
        lambda d: schema(d, "TicketRow")["properties"]["created_by"].update({"$ref": "#/components/schemas/Project"}),
        "TicketRow.created_by is of another schema",
    ),
    "a value": (lambda d: schema(d, "SlaState")["enum"].pop(0), "SlaState no longer takes every value"),
    "a schema": (lambda d: d["components"]["schemas"].pop("Views"), "schema Views is gone"),
}
ADDITIONS: dict[str, Change] = {
    "an operation": lambda d: d["paths"].update({"/api/more": {"get": operation(d, "get")}}),
    "a parameter": add_parameter,
    "a property of a body": lambda d: schema(d, "CreateTicket")["properties"].update(mood={"type": "string"}),
    "a longer text": lambda d: schema(d, "CreateTicket")["properties"]["description"].update(maxLength=10**6),
    "a property of an answer": lambda d: schema(d, "TicketRow")["properties"].update(mood={"type": "string"}),
    "a value": lambda d: schema(d, "Status")["enum"].append("parked"),
    "a refusal": lambda d: operation(d)["responses"].update({"451": {"$ref": "#/components/responses/NotFound"}}),
}


def test_todays_document_breaks_no_client_of_the_released_one():
    assert breaking_rest_changes(released(), published_document()) == []


@pytest.mark.parametrize(("change", "said"), BREAKS.values(), ids=BREAKS)
def test_losing_it_is_a_break(change: Change, said: str):
    document = deepcopy(released())
    change(document)
    assert any(said in sentence for sentence in breaking_rest_changes(released(), document))


@pytest.mark.parametrize("change", ADDITIONS.values(), ids=ADDITIONS)
def test_adding_it_is_none(change: Change):
    document = deepcopy(released())
    change(document)
    assert breaking_rest_changes(released(), document) == []
