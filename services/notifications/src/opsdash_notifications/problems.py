"""The service's refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_http.errors.exceptions import ProblemFactory
from opsdash_http.errors.problems import Problem, conflict, forbidden
from opsdash_tenancy.problems import TENANCY_PROBLEMS

from opsdash_notifications.errors import (
    ChannelLimitReached,
    ChannelsNotSetUp,
    MessageNotTaken,
    TooManyReminders,
    TooManyWatchers,
)
from opsdash_notifications.reminders.model import MOST_OPEN
from opsdash_notifications.watching.model import MOST_WATCHERS

_NOT_SET_UP: Final = (
    "Team channels are not set up in this installation: whoever operates it has to name the right"
    " OPSDASH_CHANNEL_SECRET."
)


def _channel_limit_reached(error: ChannelLimitReached) -> Problem:
    detail = f"This workspace's plan allows {error.limit} team channels; delete some or change the plan."
    amounts = {"limit": error.limit, "used": error.used, "plate": error.plate}
    return forbidden("plan-limit-reached", detail, **amounts, what="channels")


PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    **TENANCY_PROBLEMS,
    TooManyReminders: lambda _: conflict(
        "too-many-reminders", "You have as many reminders in this workspace as may be.", limit=MOST_OPEN
    ),
    TooManyWatchers: lambda _: conflict(
        "too-many-watchers", "As many people watch this ticket as may.", limit=MOST_WATCHERS
    ),
    ChannelsNotSetUp: lambda _: Problem("channels-not-set-up", "Not set up", 503, _NOT_SET_UP),
    ChannelLimitReached: _channel_limit_reached,
    MessageNotTaken: lambda error: Problem("message-not-taken", "The chat has not taken the message", 409, error.words),
}
