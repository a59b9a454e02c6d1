"""Who follows topics without a group does it through the chassis, commits nothing and creates nothing."""

from __future__ import annotations

import pytest
from opsdash_chassis.following import FOLLOWER_OPTIONS

from tests.architecture.sources import PACKAGES, SERVICES, calls_of, modules

FACTORY = PACKAGES["opsdash_chassis"] / "following.py"
#: Reads dead letters to their present end, then stops.
DESK = PACKAGES["opsdash_chassis"] / "dead_letter_desk.py"


@pytest.mark.parametrize("package", ["opsdash_chassis", *SERVICES])
def test_only_the_factory_makes_followers(package: str):
    makers = {path for path, tree in modules(package) if calls_of(tree, "AIOKafkaConsumer")}
    assert makers <= {FACTORY, DESK}


def test_the_factory_makes_them_in_one_place():
    tree = next(tree for path, tree in modules("opsdash_chassis") if path == FACTORY)
    assert len(calls_of(tree, "AIOKafkaConsumer")) == 1


def test_a_follower_has_no_group_and_never_skips_silently():
    assert FOLLOWER_OPTIONS["group_id"] is None
    assert FOLLOWER_OPTIONS["enable_auto_commit"] is False
    assert FOLLOWER_OPTIONS["auto_offset_reset"] == "none"  # forgotten records are an error, not a jump


@pytest.mark.parametrize("package", ["opsdash_chassis", *SERVICES])
def test_a_follower_commits_nothing(package: str):
    assert [path.name for path, tree in modules(package) if calls_of(tree, "commit") and path == FACTORY] == []
