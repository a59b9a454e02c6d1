"""The topic catalogue agrees with the models and with the services there are."""

import subprocess
import sys
from collections import Counter

import pytest
from opsdash_contracts import registry, topics
from opsdash_contracts.topics import Topic, catalogue
from pydantic import ValidationError

from tests.support.services import NAMES

SERVICES = set(NAMES)
OUTSIDE = {"notifications", "audit"}
TOPICS = list(catalogue().values())
VALID = catalogue()[topics.TICKETS].model_dump()


def test_the_named_topics_are_the_catalogue():
    named = {value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str)}
    assert set(catalogue()) == named
    assert named >= {topics.WORKSPACE, topics.TICKETS, topics.COMMENTS, topics.SLA, topics.SESSIONS}


def test_every_event_type_is_on_exactly_one_topic_and_none_is_without_a_model():
    listed = Counter(event_type for topic in TOPICS for event_type in topic.events)
    assert listed == Counter(registry.event_types().keys())


def test_events_come_from_the_producer_of_their_topic():
    sources = {
        event_type: registry.model_for(event_type, version).event_source
        for event_type, versions in registry.event_types().items()
        for version in versions
    }
    assert sources == {event: f"/services/{topic.producers[0]}" for topic in TOPICS for event in topic.events}


def test_every_readable_version_is_listed_and_no_other():
    listed = {event_type: versions for topic in TOPICS for event_type, versions in topic.events.items()}
    assert listed == registry.event_types()


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
class TestEveryTopic:
    def test_is_owned_fed_and_read_by_services_we_know(self, topic):
        assert {topic.owner, *topic.producers} <= SERVICES
        assert set(topic.consumers) <= SERVICES | OUTSIDE

    def test_has_one_writer_so_that_order_per_key_holds(self, topic):
        assert topic.producers == [topic.owner]

    def test_keeps_what_its_consumers_cannot_handle(self, topic):
        """Who reads without a group skips what it cannot read, and sets nothing aside."""
        assert topic.dead_letters == (topic.consumers != ["gateway"] and not topic.is_internal)


def test_what_replicas_tell_each_other_is_theirs_alone():
    internal = {topic.name for topic in TOPICS if topic.is_internal}
    assert internal == {topics.SESSIONS, *topics.REQUEST_COUNTS}
    assert topics.relayed_topics("tickets") == [topics.TICKETS]


def test_the_directory_is_compacted_and_the_rest_expires():
    configs = {name: topic.kafka_config for name, topic in catalogue().items()}
    assert {name for name, config in configs.items() if config["cleanup.policy"] == "compact"} == {topics.WORKSPACE}
    known = {
        topics.WORKSPACE: {"cleanup.policy": "compact", "retention.ms": "-1"},
        topics.TICKETS: {"cleanup.policy": "delete", "retention.ms": str(7 * 24 * 3_600_000)},
        topics.COMMENTS: {"cleanup.policy": "delete", "retention.ms": str(7 * 24 * 3_600_000)},
        topics.SESSIONS: {
            "cleanup.policy": "delete",
            "retention.ms": str(13 * 3_600_000),
            "segment.ms": str(3_600_000),
        },
        **{
            name: {"cleanup.policy": "delete", "retention.ms": str(3_600_000), "segment.ms": str(3_600_000)}
            for name in topics.REQUEST_COUNTS
        },
        topics.SLA: {"cleanup.policy": "delete", "retention.ms": str(7 * 24 * 3_600_000)},
    }
    assert {name: configs[name] for name in known} == known


def test_dead_letters_are_kept_apart_per_consuming_service():
    assert topics.dead_letter_topic("tickets", topics.WORKSPACE) == "tickets.opsdash.workspace.v1.dead-letters"


@pytest.mark.parametrize(
    "wrong",
    [
        {"cleanup_policy": "compact"},
        {"retention_hours": None},
        {"producers": ["gateway"]},
        {"producers": []},
        {"partitions": 0},
        {"partitions": "12"},
        {"name": "tickets"},
        {"surprise": True},
    ],
    ids=str,
)
def test_a_topic_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValidationError):
        Topic.model_validate({**VALID, **wrong})


def test_reading_events_needs_neither_yaml_nor_the_catalogue():
    code = "import sys, opsdash_contracts.envelope; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
