"""A database that answers and does not serve costs consumers time, and nothing else (G18).

Every fault strikes all three databases of one running stack at once; each consumer is judged by itself. While it lasts
it is seen with its reason, and lasts until every consumer has used up its tries and holds its message. Afterwards
nobody lends a hand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.conftest import NewStack
from tests.integration.faults import FAULTS, WRITTEN
from tests.integration.half_away import HalfAway, half_away

pytestmark = [pytest.mark.storm, pytest.mark.kafka]

NEEDS = {"full": [pytest.mark.needs("small-disk")]}


@pytest.fixture(scope="module")
async def running(new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HalfAway]:
    async with half_away(new_stack, tmp_path_factory.mktemp("half-away")) as made:
        yield made


@pytest.mark.parametrize("consumer", list(WRITTEN))
@pytest.mark.parametrize("fault", [pytest.param(name, marks=NEEDS.get(name, [])) for name in FAULTS])
async def test_what_came_meanwhile_is_applied_afterwards_and_nothing_is_set_aside(
    running: HalfAway, fault: str, consumer: str
):
    outcomes = await running.strike(fault, *FAULTS[fault])
    if failure := outcomes[consumer]:
        raise failure
