"""What becomes of a failed message: tried again, set aside or held."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opsdash_chassis.consuming import reliability
from opsdash_chassis.consuming.reliability import TRIES, DeadLetterBudget, TopicReliability
from opsdash_chassis.errors import StorageUnwritable, Unavailable
from opsdash_contracts.envelope import InvalidMessage

from services.chassis.tests.consuming.fakes import FakeDeadLetters, record

AWAY = Unavailable("The database did not answer in time.")


class Policy(TopicReliability):
    """The policy with fakes around it."""

    def __init__(self) -> None:
        self.letters = FakeDeadLetters()
        super().__init__(
            topic="opsdash.workspace.v1",
            group="tickets.opsdash.workspace.v1",
            dead_letters=self.letters,  # type: ignore[arg-type] # a fake
        )


@pytest.fixture
def policy() -> Policy:
    return Policy()


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not slept."""
    seconds: list[float] = []

    async def sleep(pause: float) -> None:
        seconds.append(pause)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


class TestRetries:
    async def test_a_transient_error_is_tried_five_times_with_growing_pauses(self, policy: Policy, waited: list[float]):
        calls = 0

        async def fails() -> None:
            nonlocal calls
            calls += 1
            raise AWAY

        with pytest.raises(Unavailable):
            await policy.with_retries(fails, partition=2)
        assert calls == TRIES
        assert sum(waited) < reliability.RETRY_BUDGET_SECONDS
        assert waited[-1] > waited[0]

    async def test_a_permanent_error_is_not_tried_again(self, policy: Policy, waited: list[float]):
        calls: list[int] = []

        async def fails() -> None:
            calls.append(1)
            raise InvalidMessage("schema", "no")

        with pytest.raises(InvalidMessage):
            await policy.with_retries(fails, partition=2)
        assert (len(calls), waited) == (1, [])

    async def test_the_first_success_ends_it(self, policy: Policy):
        answers: list[Any] = [AWAY, AWAY, "done"]

        async def recovers() -> str:
            if isinstance(answer := answers.pop(0), Exception):
                raise answer
            return str(answer)

        assert await policy.with_retries(recovers, partition=2) == "done"

    async def test_what_is_held_gets_one_try_a_time(self, policy: Policy, waited: list[float]):
        calls: list[int] = []

        async def fails() -> None:
            calls.append(1)
            raise AWAY

        assert await policy.failed(record(), AWAY) is False
        for partition, tries in ((2, 1), (1, TRIES)):
            calls.clear()
            with pytest.raises(Unavailable):
                await policy.with_retries(fails, partition=partition)
            assert len(calls) == tries


class TestFailed:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (InvalidMessage("key-mismatch", "no"), "key-mismatch"),
            (RuntimeError("secret"), "handler-failed"),
        ],
    )
    async def test_it_is_set_aside_with_a_stable_reason(self, policy: Policy, error: Exception, reason: str):
        assert await policy.failed(record(), error) is True
        assert policy.letters.reasons == [reason]
        assert policy.progress.ready() == (True, "consuming")

    @pytest.mark.parametrize("error", [AWAY, StorageUnwritable("The storage is full."), Unavailable("Locked.")])
    async def test_a_good_message_is_never_set_aside_because_something_is_away(
        self, policy: Policy, error: Unavailable
    ):
        for _ in range(50):
            assert await policy.failed(record(), error) is False
        assert policy.letters.reasons == []
        assert policy.progress.ready() == (
            False, f"holds opsdash.workspace.v1 partition 2 offset 41 for 0 s: {error.detail}"
        )  # fmt: skip
        assert policy.progress.live()[0] is True
        policy.progress.passed(2, 41)
        assert policy.progress.ready()[0] is True

    async def test_what_cannot_be_stored_is_held_until_it_can(self, policy: Policy):
        policy.letters.broken = True
        assert await policy.failed(record(), InvalidMessage("schema", "no")) is False
        assert policy.progress.ready()[1].endswith("the dead-letter topic does not take messages")
        policy.letters.broken = False
        assert await policy.failed(record(), InvalidMessage("schema", "no")) is True

    async def test_a_spent_budget_holds_without_storing(self, policy: Policy):
        for _ in range(25):
            assert await policy.failed(record(), InvalidMessage("schema", "no")) is True
        assert await policy.failed(record(), InvalidMessage("schema", "no")) is False
        assert len(policy.letters.reasons) == 25
        assert "budget" in policy.progress.ready()[1]

    def test_details_never_repeat_what_an_exception_says(self):
        assert reliability.describe(RuntimeError("value of a customer")) == ("handler-failed", "RuntimeError")


class TestBudget:
    def test_a_success_starts_the_row_anew(self):
        budget = DeadLetterBudget()
        for _ in range(24):
            budget.set_aside()
        assert not budget.spent
        budget.applied()
        budget.set_aside()
        assert not budget.spent

    def test_twenty_five_in_a_row_spend_it(self):
        budget = DeadLetterBudget()
        for _ in range(25):
            budget.set_aside()
        assert budget.spent

    @pytest.mark.parametrize(("every", "spent"), [(4, True), (5, False), (6, False)])
    def test_more_than_a_fifth_of_the_last_500_spends_it(self, every: int, spent: bool):
        budget = DeadLetterBudget()
        for number in range(500):
            (budget.applied, budget.set_aside)[number % every == 0]()
        assert budget.spent is spent

    def test_one_percent_never_spends_it(self):
        budget = DeadLetterBudget()
        for number in range(5000):
            (budget.applied, budget.set_aside)[number % 100 == 0]()
            assert not budget.spent
