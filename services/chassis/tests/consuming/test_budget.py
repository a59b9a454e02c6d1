"""The budget of dead letters: spent by a deployment that fails, not by single bad messages."""

from __future__ import annotations

import pytest
from opsdash_chassis.consuming.budget import DeadLetterBudget


def test_a_success_starts_the_row_anew():
    budget = DeadLetterBudget()
    for _ in range(24):
        budget.set_aside()
    assert not budget.spent
    budget.applied()
    budget.set_aside()
    assert not budget.spent


def test_twenty_five_in_a_row_spend_it():
    budget = DeadLetterBudget()
    for _ in range(25):
        budget.set_aside()
    assert budget.spent


@pytest.mark.parametrize(("every", "spent"), [(4, True), (5, False), (6, False)])
def test_more_than_a_fifth_of_the_last_500_spends_it(every: int, spent: bool):
    budget = DeadLetterBudget()
    for number in range(500):
        (budget.applied, budget.set_aside)[number % every == 0]()
    assert budget.spent is spent


def test_one_percent_never_spends_it():
    budget = DeadLetterBudget()
    for number in range(5000):
        (budget.applied, budget.set_aside)[number % 100 == 0]()
        assert not budget.spent


def test_a_batch_counts_as_its_messages():
    budget = DeadLetterBudget(in_a_row=10_000)
    for _ in range(100):
        budget.set_aside()
    assert not budget.spent
    budget.applied(400)
    assert not budget.spent
    budget.set_aside()
    assert budget.spent is False  # the oldest of the last 500 was one that was set aside
