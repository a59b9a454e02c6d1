"""What each consumer relies on is promised by the schemas and shown by the examples."""

import pytest
from opsdash_contracts.headers import REQUIRED
from opsdash_contracts.topics import catalogue

from tests.contracts.files import CONSUMERS, CONTRACTS, EXAMPLES, schema


def reliances():
    return [
        pytest.param(event_type, int(version), fields, id=f"{contract['consumer']}-{event_type}.v{version}")
        for contract in CONSUMERS
        for event_type, versions in contract["events"].items()
        for version, fields in versions.items()
    ]


def bodies(event_type, version):
    return [example.body for example in EXAMPLES if (example.event_type, example.version) == (event_type, version)]


def find(document, pointer):
    """Whether a JSON pointer leads somewhere; None is a value."""
    for part in pointer.removeprefix("/").split("/"):
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return True


def promised(document, pointer):
    """Whether the schema always has the field, level by level."""
    for part in pointer.removeprefix("/").split("/"):
        if part not in document.get("required", ()):
            return False
        document = document["properties"][part]
    return True


def described(document, pointer):
    return find(document, "/properties/" + pointer.removeprefix("/").replace("/", "/properties/"))


@pytest.mark.parametrize(("event_type", "version", "fields"), reliances())
class TestFieldsAConsumerReads:
    def test_required_ones_are_always_sent(self, event_type, version, fields):
        document = schema(event_type, version)
        assert [pointer for pointer in fields["required"] if not promised(document, pointer)] == []

    def test_optional_ones_are_part_of_the_schema(self, event_type, version, fields):
        document = schema(event_type, version)
        assert [pointer for pointer in fields["optional"] if not described(document, pointer)] == []

    def test_each_is_shown_by_an_example(self, event_type, version, fields):
        shown = bodies(event_type, version)
        read = fields["required"] + fields["optional"]
        assert [pointer for pointer in read if not any(find(body, pointer) for body in shown)] == []


@pytest.mark.parametrize("contract", CONSUMERS, ids=lambda contract: f"{contract['consumer']}-{contract['topic']}")
class TestEveryContract:
    def test_is_with_a_topic_that_lists_the_consumer(self, contract):
        assert contract["consumer"] in catalogue()[contract["topic"]].consumers

    def test_names_only_events_of_that_topic(self, contract):
        events = catalogue()[contract["topic"]].events
        for event_type, versions in contract["events"].items():
            assert {int(version) for version in versions} <= set(events[event_type])

    def test_relies_only_on_headers_that_are_always_sent(self, contract):
        assert set(contract["headers"]) <= set(REQUIRED)

    def test_is_filed_under_its_consumer_and_topic(self, contract):
        assert (CONTRACTS / "consumers" / contract["consumer"] / f"{contract['topic']}.json").is_file()


def test_every_consumer_of_ours_has_written_down_what_they_read():
    ours = {"tickets", "comments", "gateway", "notifications", "audit"}
    assert {contract["consumer"] for contract in CONSUMERS} >= ours
