"""What the Kafka operator is told: the topics of the catalogue, and rights as narrow as the catalogue is."""

from __future__ import annotations

import pytest
from opsdash_contracts.topics import COMMENTS, SESSIONS, SLA, TICKETS, WORKSPACE, catalogue, dead_letter_topic

from deploy.k8s import generate
from tests.support.repository import Manifest, named, of_kind


def rights(user: str) -> set[tuple[str, str, str]]:
    spec: Manifest = named("production", "KafkaUser", f"opsdash-{user}")["spec"]
    assert spec["authentication"] == {"type": "scram-sha-512"}
    return {
        (acl["resource"]["type"], acl["resource"]["name"], operation)
        for acl in spec["authorization"]["acls"]
        for operation in acl["operations"]
        if acl["resource"]["patternType"] == "literal"
    }


def test_the_committed_files_are_what_the_catalogue_says():
    assert generate.drift() == []


def test_every_topic_is_kept_three_times_and_written_twice_at_least():
    topics = of_kind("production", "KafkaTopic")
    assert {topic["metadata"]["name"] for topic in topics} >= set(catalogue())
    for topic in topics:
        assert (topic["spec"]["replicas"], topic["spec"]["config"]["min.insync.replicas"]) == (3, 2)
        assert topic["spec"]["partitions"] == 12


@pytest.mark.parametrize("topic", catalogue().values(), ids=lambda topic: topic.name)
def test_only_producers_may_write_a_topic(topic):
    users = {user["metadata"]["name"].removeprefix("opsdash-") for user in of_kind("production", "KafkaUser")}
    writers = {user for user in users if ("topic", topic.name, "Write") in rights(user)}
    readers = {user for user in users if ("topic", topic.name, "Read") in rights(user)}
    assert writers == set(topic.producers)
    assert readers == set(topic.consumers)
    for reader in set() if topic.is_internal else readers - {"gateway"}:
        letters = dead_letter_topic(reader, topic.name)
        assert {user for user in users if ("topic", letters, "Write") in rights(user)} == {reader}
        assert ("group", f"{reader}.{topic.name}", "Read") in rights(reader)


def test_the_gateway_reads_everything_that_lists_it_without_a_group():
    mine = rights("gateway")
    assert not [right for right in mine if right[0] == "group"]
    read = {name for kind, name, operation in mine if (kind, operation) == ("topic", "Read")}
    assert read == {topic.name for topic in catalogue().values() if "gateway" in topic.consumers}
    assert read >= {WORKSPACE, TICKETS, COMMENTS, SLA, SESSIONS}


@pytest.mark.parametrize(
    "topic", [topic for topic in catalogue().values() if topic.is_internal], ids=lambda it: it.name
)
def test_what_replicas_tell_each_other_needs_no_group_and_no_dead_letters(topic):
    mine = {right for right in rights(topic.owner) if topic.name in right[1]}
    assert mine == {("topic", topic.name, operation) for operation in ("Write", "Read", "Describe")}


def test_the_topic_job_may_create_and_neither_read_nor_write():
    assert {operation for _, _, operation in rights("topics")} == {"Create", "Describe"}


def test_clients_are_let_in_with_tls_and_a_password_only():
    kafka = named("production", "Kafka", "opsdash")["spec"]["kafka"]
    assert [(one["tls"], one["authentication"]["type"]) for one in kafka["listeners"]] == [(True, "scram-sha-512")]
    assert kafka["authorization"] == {"type": "simple"}
    assert kafka["config"]["auto.create.topics.enable"] is False
    assert kafka["config"]["unclean.leader.election.enable"] is False
