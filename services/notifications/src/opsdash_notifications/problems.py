"""The service's refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_http.errors.exceptions import ProblemFactory
from opsdash_http.errors.problems import conflict
from opsdash_tenancy.problems import TENANCY_PROBLEMS

from opsdash_notifications.errors import TooManyReminders, TooManyWatchers
from opsdash_notifications.reminders.model import MOST_OPEN
from opsdash_notifications.watching.model import MOST_WATCHERS

PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    **TENANCY_PROBLEMS,
    TooManyReminders: lambda _: conflict(
        "too-many-reminders", "You have as many reminders in this workspace as may be.", limit=MOST_OPEN
    ),
    TooManyWatchers: lambda _: conflict(
        "too-many-watchers", "As many people watch this ticket as may.", limit=MOST_WATCHERS
    ),
}
