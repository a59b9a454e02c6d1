"""A guard that reads less than it did fails, whatever it finds."""

from __future__ import annotations

import pytest

from tests.architecture.sources import ALL, MINIMUMS, PACKAGES, looked_at


def test_a_count_that_has_fallen_fails():
    least = MINIMUMS["statements"]["opsdash_tickets"]
    looked_at("statements", "opsdash_tickets", least)
    with pytest.raises(AssertionError, match=f"at least {least} are there"):
        looked_at("statements", "opsdash_tickets", least - 1)


def test_what_is_counted_is_known_and_the_packages_are_there():
    with pytest.raises(KeyError):
        looked_at("statments", "opsdash_tickets", 1)
    assert {where for counts in MINIMUMS.values() for where in counts} <= {ALL, *PACKAGES}
