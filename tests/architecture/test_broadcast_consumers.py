"""Who reads topics without a group does it through the chassis, commits nothing and creates nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

import pytest

from tests.architecture.sources import (
    ALL,
    CHASSIS,
    LIBRARIES,
    PACKAGES,
    SERVICES,
    Module,
    called,
    calls_of,
    imported_names,
    looked_at,
    modules,
    planted,
)

CONSUMER = "AIOKafkaConsumer"


def consumers(sources: Iterable[Module]) -> list[Module]:
    """The modules that make a Kafka consumer by themselves."""
    return [module for module in sources if calls_of(module.tree, CONSUMER)]


def broadcast_consumers(sources: Iterable[Module]) -> list[Module]:
    """These, and the modules that use one of them, directly or by way of others."""
    sources = list(sources)
    known = frozenset(module.name for module in sources)
    imports = {module.name: set(imported_names(module, known)) for module in sources}
    found, before = {module.name for module in consumers(sources)}, set[str]()
    while found != before:
        before = set(found)
        found |= {name for name, imported in imports.items() if imported & before}
    return [module for module in sources if module.name in found]


def commits(module: Module) -> list[int]:
    """The lines in which something is committed, or the method that does it is handed on."""
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"commit", "send_offsets_to_transaction"})
        or (isinstance(node, ast.Constant) and node.value == "commit")
    ]


def options(module: Module) -> Iterator[dict[str, object]]:
    """What each consumer of a module is made with, as far as it is written there."""
    values = vars(module.load())
    for call in ast.walk(module.tree):
        if isinstance(call, ast.Call) and called(call) == CONSUMER:
            found: dict[str, object] = {}
            for keyword in call.keywords:
                if keyword.arg:
                    found[keyword.arg] = (
                        keyword.value.value if isinstance(keyword.value, ast.Constant) else keyword.value
                    )
                elif isinstance(keyword.value, ast.Name) and isinstance(held := values.get(keyword.value.id), Mapping):
                    found |= held
            yield found


@pytest.mark.parametrize("package", [package for package in (*LIBRARIES, *SERVICES) if package != CHASSIS])
def test_only_the_chassis_makes_consumers(package: str):
    looked_at("modules", package, len(modules(package)))
    assert [module.name for module in consumers(modules(package))] == []


def test_the_chassis_makes_one_that_follows_and_one_that_reads_to_the_end():
    found = [made for module in consumers(modules(CHASSIS)) for made in options(module)]
    assert sorted(str(made["auto_offset_reset"]) for made in found) == ["earliest", "none"]
    # "none": forgotten records are an error, not a jump


@pytest.mark.parametrize("package", [CHASSIS, "opsdash_local"])
def test_a_follower_has_no_group(package: str):
    for module in consumers(modules(package)):
        for made in options(module):
            assert made.get("group_id") is None
            assert made["enable_auto_commit"] is False


def test_a_follower_commits_nothing():
    found = broadcast_consumers(module for package in PACKAGES for module in modules(package))
    looked_at("modules that follow", ALL, len(found))
    assert {module.name: lines for module in found if (lines := commits(module))} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_commits_anything_itself(service: str):
    """The chassis commits a handler's work, then its offset; who only follows has nothing to commit."""
    assert {module.name: lines for module in modules(service) if (lines := commits(module))} == {}


BROADCAST_CONSUMER = planted("consumer = AIOKafkaConsumer(group_id=None)", "opsdash_x.kafka.broadcast_consumer")


@pytest.mark.parametrize(
    "text",
    [
        "from opsdash_x.kafka.broadcast_consumer import BroadcastConsumer\nasync def f(it): await it.commit()",
        "import opsdash_x.kafka.broadcast_consumer as f\nrun(f.open_broadcast_consumer().commit)",
        "from opsdash_x.kafka import broadcast_consumer\ndef f(consumer): getattr(consumer, 'commit')()",
        "async def f():\n    consumer = aiokafka.AIOKafkaConsumer()\n    await consumer.commit({})",
        "from opsdash_x.kafka import BroadcastConsumer\nasync def f(consumer): await consumer.commit()",
    ],
)
def test_a_commit_of_whoever_follows_is_seen(text: str):
    room = planted("from opsdash_x.kafka.broadcast_consumer import BroadcastConsumer", "opsdash_x.kafka")
    found = broadcast_consumers([BROADCAST_CONSUMER, room, planted(text, "opsdash_y.live.feed")])
    assert [module.name for module in found if commits(module)] == ["opsdash_y.live.feed"]


def test_a_group_of_a_follower_is_seen():
    module = planted("from builtins import dict as AIOKafkaConsumer\nA = {'group_id': 'x'}\nAIOKafkaConsumer(**A, b=1)")
    assert list(options(module)) == [{"group_id": "x", "b": 1}]


def test_a_module_that_commits_and_does_not_follow_is_none_of_these():
    assert broadcast_consumers([BROADCAST_CONSUMER, planted("async def f(consumer): await consumer.commit()")]) == [
        BROADCAST_CONSUMER
    ]
