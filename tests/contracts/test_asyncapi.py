"""The AsyncAPI document is complete and everything it points at exists."""

import pytest
from opsdash_contracts.topics import catalogue

from .files import CONTRACTS, EVENT_TYPES, read_json

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
    if reference.startswith("#/"):
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    else:
        assert (CONTRACTS / "asyncapi" / reference).is_file()


def test_every_event_has_a_message_with_its_schema_and_key():
    messages = DOCUMENT["components"]["messages"]
    assert set(messages) == {f"{event_type}.v{version}" for event_type, version in EVENT_TYPES}
    for name, message in messages.items():
        assert message["payload"]["schema"] == {"$ref": f"../schemas/{name}.schema.json"}
        assert message["bindings"]["kafka"]["key"] == {"type": "string", "format": "uuid"}


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
