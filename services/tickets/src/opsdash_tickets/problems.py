"""The service's refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_http.errors.exceptions import ProblemFactory
from opsdash_http.errors.problems import Problem, conflict, forbidden
from opsdash_tenancy.problems import TENANCY_PROBLEMS

from opsdash_tickets.errors import InvalidTransition, PlateLimitReached, TicketFinished


def _plate_limit_reached(error: PlateLimitReached) -> Problem:
    detail = f"This workspace's plan allows {error.limit} tickets; delete some or change the plan."
    return forbidden("plan-limit-reached", detail, limit=error.limit, used=error.used, plate=error.plate)


def _invalid_transition(error: InvalidTransition) -> Problem:
    return conflict(
        "invalid-transition",
        f"A ticket that is {error.status} cannot move there.",
        allowed=list(error.allowed),
    )


def _ticket_finished(error: TicketFinished) -> Problem:
    return conflict(
        "ticket-finished",
        f"The ticket is {error.status}, so its due time and what became of it stay; open it again to change them.",
    )


PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    **TENANCY_PROBLEMS,
    PlateLimitReached: _plate_limit_reached,
    InvalidTransition: _invalid_transition,
    TicketFinished: _ticket_finished,
}
