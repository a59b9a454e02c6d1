"""The committed schemas say what today's models send."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from opsdash_contracts import asyncapi, generate

from tests.contracts.files import CONTRACTS, EVENT_TYPES, schema

from .strategies import ALL_TYPES, events


def validator(document):
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


VALIDATORS = {event_type: validator(schema(event_type, version)) for event_type, version in EVENT_TYPES}


class TestDrift:
    def test_every_generated_file_is_committed_and_current(self):
        assert generate.drift(CONTRACTS) == []

    def test_the_check_says_so_when_all_is_well(self):
        assert generate.main(["--check"], CONTRACTS) == 0

    def test_a_stale_or_orphaned_file_fails_the_check(self, tmp_path, capsys):
        generate.write(tmp_path)
        (tmp_path / "asyncapi/opsdash-support.json").write_text("{}")
        (tmp_path / "schemas/support_ticket.merged.v1.schema.json").write_text("{}")
        assert generate.main(["--check"], tmp_path) == 1
        complaints = capsys.readouterr().err
        assert "asyncapi/opsdash-support.json is out of date" in complaints
        assert "schemas/support_ticket.merged.v1.schema.json has no model" in complaints


class TestProducers:
    @pytest.mark.parametrize("event_type", ALL_TYPES)
    def test_schemas_are_well_formed_and_named_after_their_event(self, event_type):
        document = VALIDATORS[event_type].schema
        Draft202012Validator.check_schema(document)
        assert document["$id"] == f"/schema/events/{event_type}/v1.json"
        assert document["title"] == "".join(part.title() for part in re.split(r"[._]", event_type))

    @given(event=st.sampled_from(ALL_TYPES).flatmap(events))
    def test_every_message_a_producer_can_build_is_valid(self, event):
        VALIDATORS[event.envelope.type].validate(json.loads(event.value()))

    @given(event=st.sampled_from(ALL_TYPES).flatmap(events), replayed=st.booleans())
    def test_every_header_a_producer_can_build_is_valid(self, event, replayed):
        sent = event.envelope.model_copy(update={"replayed": replayed}).to_headers()
        validator(asyncapi.header_schema()).validate({name: value.decode() for name, value in sent})

    @pytest.mark.parametrize("event_type", ALL_TYPES)
    def test_no_event_carries_long_text(self, event_type):
        properties = VALIDATORS[event_type].schema["properties"]
        assert properties.keys().isdisjoint({"description", "body", "text"})


CHANGE, TEXT = {"from": None, "to": "x"}, {"changed": True}


class TestChanges:
    """What JSON Schema says of `changes` is what the models say: see `test_bad_messages.py` for those."""

    @pytest.mark.parametrize(
        ("event_type", "changes", "fits"),
        [
            ("support_ticket.updated", {"status": CHANGE, "a_later_one": CHANGE, "description": TEXT}, True),
            ("support_ticket.updated", {"title": CHANGE}, True),
            ("support_ticket.updated", {"description": CHANGE}, False),
            ("support_ticket.updated", {"Status": CHANGE}, False),
            ("support_ticket.updated", {"status": {"from": "open"}}, False),
            ("support_ticket.updated", {"status": {"changed": False}}, False),
            ("support_ticket.updated", {"status": {"from": 1.5, "to": "x"}}, False),
            ("support_ticket.updated", {f"field_{number}": TEXT for number in range(51)}, False),
            ("support_ticket.purged", {"title": TEXT, "description": TEXT}, True),
            ("support_ticket.purged", {"title": CHANGE}, False),
            ("ticket_comment.updated", {"mentions": TEXT, "body": TEXT}, True),
            ("ticket_comment.updated", {"body": CHANGE}, False),
        ],
    )
    def test_names_and_values_are_bounded_and_texts_never_told(self, event_type, changes, fits):
        document = schema(event_type, 1)
        part = {"$defs": document["$defs"], **document["properties"]["changes"]}
        assert validator(part).is_valid(changes) is fits

    @pytest.mark.parametrize("event_type", ALL_TYPES)
    def test_generators_of_code_see_a_map_and_not_a_class(self, event_type):
        changes = schema(event_type, 1)["properties"].get("changes")
        if changes is not None:
            assert changes.keys().isdisjoint({"properties", "patternProperties"})
            assert changes["additionalProperties"].keys() == {"anyOf"}
