"""The AsyncAPI document is complete, needs no other file, and describes the golden messages."""

import pytest
from jsonschema import Draft7Validator
from opsdash_contracts import asyncapi
from opsdash_contracts.topics import catalogue

from tests.contracts.files import CONTRACTS, EVENT_TYPES, EXAMPLES, read_json

DOCUMENT = read_json(CONTRACTS / "asyncapi/opsdash-support.json")


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key == "$ref" else references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_every_reference_leads_somewhere(reference):
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]


def test_every_event_has_a_message_with_its_schema_and_key():
    messages = DOCUMENT["components"]["messages"]
    assert set(messages) == {f"{event_type}.v{version}" for event_type, version in EVENT_TYPES}
    for name, message in messages.items():
        assert message["payload"] == {"$ref": f"#/components/schemas/{name}"}
        assert message["bindings"]["kafka"]["key"] == {"type": "string", "format": "uuid"}


def validator(part):
    """AsyncAPI's schemas are JSON Schema draft 7; references lead into the whole document."""
    return Draft7Validator({**DOCUMENT, **part}, format_checker=Draft7Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
def test_every_golden_message_is_what_its_message_says(example):
    message = DOCUMENT["components"]["messages"][f"{example.event_type}.v{example.version}"]
    validator(message["payload"]).validate(example.body)
    validator(message["headers"]).validate({name: value.decode() for name, value in example.headers})
    assert not validator(message["payload"]).is_valid({})
    assert not validator(message["headers"]).is_valid({"ce_type": example.event_type})


def test_servers_are_the_local_stack_and_one_with_credentials():
    local, production = DOCUMENT["servers"]["local"], DOCUMENT["servers"]["production"]
    assert (local["host"], local["protocol"]) == ("127.0.0.1:8010", "kafka")
    assert production["protocol"] == "kafka-secure"
    assert production["security"] == [{"$ref": "#/components/securitySchemes/scram"}]


def test_a_name_that_means_two_schemas_is_refused(monkeypatch):
    made = asyncapi.schema_of

    def odd(event_type, version):
        schema = made(event_type, version)
        return {**schema, "$defs": {"Status": {"type": "integer"}}} if event_type == "sla.met" else schema

    monkeypatch.setattr(asyncapi, "schema_of", odd)
    with pytest.raises(ValueError, match="Status means two different schemas"):
        asyncapi.document()


@pytest.mark.parametrize("topic", catalogue().values(), ids=lambda topic: topic.name)
class TestEveryTopic:
    def test_is_a_channel_with_its_partitions(self, topic):
        channel = DOCUMENT["channels"][topic.name]
        assert channel["address"] == topic.name
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions

    def test_is_sent_to_and_received_from_by_the_catalogued_services(self, topic):
        here = {"$ref": f"#/channels/{topic.name}"}
        found = {
            (operation["action"], name.partition(f"-{operation['action']}s-")[0])
            for name, operation in DOCUMENT["operations"].items()
            if operation["channel"] == here
        }
        assert found == {("send", name) for name in topic.producers} | {("receive", name) for name in topic.consumers}
