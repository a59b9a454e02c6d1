"""Which shares of the cap are told."""

from __future__ import annotations

import math

import pytest
from opsdash_contracts.workspace import PLATE_CAPS
from opsdash_tickets.plate_usage import model


class TestUsage:
    @pytest.mark.parametrize("cap", [cap for cap in PLATE_CAPS.values() if cap])
    def test_a_share_of_the_cap_is_told_where_growth_comes_to_it(self, cap: int):
        told = [
            count for count in range(1, cap + 1) if model.crossed_notices(count - 1, count, old_cap=cap, new_cap=cap)
        ]
        assert told == [math.ceil(cap * percent / 100) for percent in model.NOTICE_PERCENTS]
