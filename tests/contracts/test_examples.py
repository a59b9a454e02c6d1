"""Golden messages: once written they stay readable, and today's code would send them the same way."""

import json

import pytest
from jsonschema import Draft202012Validator
from opsdash_contracts.envelope import decode

from tests.contracts.files import EVENT_TYPES, EXAMPLES, schema


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
class TestEveryExample:
    def test_is_read_by_todays_models(self, example):
        event = decode(example.headers, example.key, example.value)
        assert (event.envelope.type, event.envelope.schema_version) == (example.event_type, example.version)

    def test_would_be_sent_the_same_way_today(self, example):
        """But for optional fields that were added since, about which it says nothing."""
        event = decode(example.headers, example.key, example.value)
        sent = json.loads(event.value())
        added = sent.keys() - example.body.keys()
        assert {name: value for name, value in sent.items() if name not in added} == example.body
        assert {sent[name] for name in added} <= {None}
        assert not added & set(schema(example.event_type, example.version)["required"])
        assert dict(event.envelope.to_headers()) == dict(example.headers)
        assert event.key == example.key

    def test_follows_the_committed_schema(self, example):
        document = schema(example.event_type, example.version)
        Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example.body)


def test_every_event_type_and_version_has_an_example():
    assert {(example.event_type, example.version) for example in EXAMPLES} == set(EVENT_TYPES)


def test_examples_do_not_share_an_event_id():
    ids = [dict(example.headers)["ce_id"] for example in EXAMPLES]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("edge", ["ce_actorid absent", "ce_replayed present"])
def test_the_rare_headers_are_among_the_examples(edge):
    name, _, wanted = edge.partition(" ")
    assert any((name in dict(example.headers)) == (wanted == "present") for example in EXAMPLES)
