"""Consumers of the released events read today's, and these the released; see docs/reference/events.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from opsdash_contracts.compatibility import broken_promises

from tests.contracts.files import CONTRACTS, examples, read_json
from tests.contracts.release import breaking_event_changes

Schemas = dict[str, Any]
Change = Callable[[Schemas], Any]
EVENT = "support_ticket.updated.v1.schema.json"
RELEASED: Schemas = {path.name: read_json(path) for path in sorted(CONTRACTS.glob("released/schemas/*.json"))}


def fields(schemas: Schemas) -> Any:
    return schemas[EVENT]["properties"]


def required(schemas: Schemas) -> Any:
    return schemas[EVENT]["required"]


def shared(schemas: Schemas, name: str) -> Any:
    return schemas[EVENT]["$defs"][name]


def changed_to(schemas: Schemas) -> Any:
    """The field `to` of a change, two levels below the event."""
    return shared(schemas, "FieldChange")["properties"]["to"]


BREAKS: dict[str, tuple[Change, str]] = {
    "an event type": (lambda s: s.pop(EVENT), "was removed"),
    "a version, for the next one": (
        lambda s: s.update({EVENT.replace("v1", "v2"): s.pop(EVENT)}),
        "was removed",
    ),
    "a field": (lambda s: (fields(s).pop("title"), required(s).remove("title")), "/title was removed"),
    "an optional field": (lambda s: fields(s).pop("bulk_id"), "/bulk_id was removed"),
    "its name": (lambda s: fields(s).update(batch_id=fields(s).pop("bulk_id")), "/bulk_id was removed"),
    "a field of a change": (
        lambda s: (
            shared(s, "FieldChange")["properties"].pop("from"),
            shared(s, "FieldChange")["required"].remove("from"),
        ),
        "/from was removed",
    ),
    "its type": (lambda s: fields(s)["number"].update(type="string"), "/number changed from"),
    "its format": (lambda s: fields(s)["created_at"].pop("format"), "/created_at changed from"),
    "its definition": (
        lambda s: fields(s)["status"].update({"$ref": "#/$defs/Category"}),
        "/status changed from",
    ),
    "null": (lambda s: fields(s)["assignee_id"]["anyOf"].pop(), "/assignee_id/anyOf changed from"),
    "never null": (lambda s: fields(s)["number"].update(type=["integer", "null"]), "/number changed from"),
    "the length of a text": (lambda s: fields(s)["title"].update(maxLength=100), "/title changed from"),
    "the end of a text": (lambda s: fields(s)["title"].update(maxLength=201), "/title changed from"),
    "the range of a number": (lambda s: fields(s)["number"].update(minimum=2), "/number changed from"),
    "a type of a change": (lambda s: changed_to(s)["anyOf"].pop(0), "/to/anyOf changed from"),
    "a limit of a change": (lambda s: changed_to(s)["anyOf"][2].update(maxLength=9), "/to/anyOf/2 changed from"),
    "a value": (lambda s: shared(s, "Status")["enum"].remove("waiting"), "/status changed from"),
    "the last of the values": (lambda s: shared(s, "Status")["enum"].append("spam"), "/status changed from"),
    "a value here only": (lambda s: fields(s)["status"].update(const="open"), "/status changed from"),
    "the freedom to leave it out": (lambda s: required(s).append("bulk_id"), "/bulk_id is newly required"),
    "the same, of a new field": (
        lambda s: (fields(s).update(mood={"type": "string"}), required(s).append("mood")),
        "/mood is newly required",
    ),
    "that it is always there": (lambda s: required(s).remove("number"), "/number is no longer always sent"),
    "room for later fields": (lambda s: s[EVENT].update(additionalProperties=False), "/ changed from"),
}
ADDITIONS: dict[str, Change] = {
    "an event type": lambda s: s.update({"support_ticket.merged.v1.schema.json": s[EVENT]}),
    "a version": lambda s: s.update({EVENT.replace("v1", "v2"): {"type": "object"}}),
    "an optional field": lambda s: fields(s).update(mood={"type": "string"}),
    "an optional field of a change": lambda s: shared(s, "FieldChange")["properties"].update(by={"type": "string"}),
    "words": lambda s: (s[EVENT].update(description="Better"), fields(s)["title"].update(description="Subject")),
    "a default": lambda s: fields(s)["bulk_id"].update(default="none"),
    "another order of values": lambda s: shared(s, "Status")["enum"].reverse(),
    "another order of fields": lambda s: (required(s).reverse(), s[EVENT].update(properties={**fields(s)})),
    "another name of a definition": lambda s: (
        s[EVENT]["$defs"].update(State=shared(s, "Status")),
        fields(s)["status"].update({"$ref": "#/$defs/State"}),
    ),
}


class TestSchemas:
    @pytest.mark.parametrize(("change", "said"), BREAKS.values(), ids=BREAKS)
    def test_losing_it_is_a_break(self, change: Change, said: str):
        today = deepcopy(RELEASED)
        change(today)
        found = broken_promises(RELEASED, today)
        assert any(said in sentence for sentence in found)
        assert all(sentence.startswith(EVENT) for sentence in found)

    @pytest.mark.parametrize("change", ADDITIONS.values(), ids=ADDITIONS)
    def test_adding_it_is_none(self, change: Change):
        today = deepcopy(RELEASED)
        change(today)
        assert json.dumps(today) != json.dumps(RELEASED)
        assert broken_promises(RELEASED, today) == []


class TestToday:
    def test_breaks_no_consumer_of_the_released_events(self):
        assert breaking_event_changes(CONTRACTS) == []

    def test_is_compared_with_every_released_event_and_its_examples(self):
        assert len(RELEASED) >= 27
        shown = {f"{example.event_type}.v{example.version}" for example in examples(CONTRACTS / "released")}
        assert shown == {name.removesuffix(".schema.json") for name in RELEASED}
