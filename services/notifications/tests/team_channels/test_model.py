"""Which channels hear of an event, and when one is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from opsdash_contracts.notices import Reason
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT, Plate
from opsdash_notifications.team_channels.model import (
    AMOUNTS,
    ChannelReason,
    Listener,
    TicketKind,
    is_given_up,
    reason_for,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
URGENT_BILLING = TicketKind("urgent", "billing")


def listener(*reasons: str, priorities: tuple[str, ...] = (), categories: tuple[str, ...] = ()) -> Listener:
    return Listener(UUID(int=1), reasons, priorities, categories)


def test_the_first_reason_that_it_wants():
    reasons = (Reason.MENTIONED, Reason.COMMENTED)
    assert reason_for(listener("commented", "mentioned"), reasons, URGENT_BILLING) is Reason.MENTIONED
    assert reason_for(listener("commented"), reasons, URGENT_BILLING) is Reason.COMMENTED
    assert reason_for(listener("assigned"), reasons, URGENT_BILLING) is None


@pytest.mark.parametrize(
    ("priorities", "categories", "ticket", "hears"),
    [
        ((), (), URGENT_BILLING, True),
        (("urgent", "high"), (), URGENT_BILLING, True),
        (("high",), (), URGENT_BILLING, False),
        (("urgent",), ("technical",), URGENT_BILLING, False),
        ((), ("billing", "technical"), URGENT_BILLING, True),
        (("high",), (), TicketKind(), True),
        (("high",), ("billing",), TicketKind(None, "technical"), False),
        ((), (), None, True),
        (("urgent",), (), None, False),
    ],
)
def test_its_filter(priorities: tuple[str, ...], categories: tuple[str, ...], ticket: TicketKind | None, hears: bool):
    wants = listener("commented", priorities=priorities, categories=categories)
    assert (reason_for(wants, (Reason.COMMENTED,), ticket) is Reason.COMMENTED) == hears


@pytest.mark.parametrize(
    ("failures", "hours", "given_up"), [(50, 24, True), (49, 24, False), (50, 23.9, False), (500, 1, False)]
)
def test_fifty_failures_in_a_row_over_a_day(failures: int, hours: float, given_up: bool):
    assert is_given_up(failures, NOON, NOON + timedelta(hours=hours)) == given_up


def test_every_plate_has_an_amount():
    assert set(AMOUNTS) == set(Plate)
    assert all(AMOUNTS[plate] for plate in PLATES_WITH_SUPPORT)
    assert [AMOUNTS[plate] for plate in PLATES_WITH_SUPPORT] == [2, 5, 10, 30]


def test_no_channel_hears_of_what_concerns_one_person_or_of_itself():
    assert set(Reason) - set(map(Reason, ChannelReason)) == {
        Reason.REMINDER,
        Reason.WEBHOOK_DISABLED,
        Reason.CHANNEL_DISABLED,
    }
