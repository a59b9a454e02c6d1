"""The service's refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_chassis.cursors import InvalidCursor
from opsdash_chassis.http.exceptions import ProblemFactory
from opsdash_chassis.http.problems import (
    FieldError,
    Problem,
    bad_request,
    conflict,
    forbidden,
    not_found,
    precondition_failed,
    validation,
)

from opsdash_tickets.errors import (
    FeatureNotAvailable,
    InvalidFields,
    InvalidTransition,
    NotVisible,
    PlanLimitReached,
    RoleTooLow,
    StaleVersion,
)
from opsdash_tickets.model import PLATES_WITH_SUPPORT


def _feature_not_available(error: FeatureNotAvailable) -> Problem:
    return forbidden(
        "feature-not-available",
        "Support is not part of this workspace's plan.",
        plate=error.plate,
        plates=list(PLATES_WITH_SUPPORT),
    )


def _plan_limit_reached(error: PlanLimitReached) -> Problem:
    detail = f"This workspace's plan allows {error.limit} tickets; delete some or change the plan."
    return forbidden("plan-limit-reached", detail, limit=error.limit, used=error.used, plate=error.plate)


def _invalid_fields(error: InvalidFields) -> Problem:
    return validation(FieldError(item.pointer, item.code, item.message) for item in error.problems)


def _invalid_transition(error: InvalidTransition) -> Problem:
    return conflict(
        "invalid-transition",
        f"A ticket that is {error.status} cannot move there.",
        allowed=list(error.allowed),
    )


def _invalid_cursor(_: InvalidCursor) -> Problem:
    detail = "The cursor does not belong to this list; start again without one."
    return bad_request("invalid-cursor", detail, [FieldError("/query/cursor", "invalid-cursor", "is not valid here")])


PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    NotVisible: lambda _: not_found(),
    FeatureNotAvailable: _feature_not_available,
    RoleTooLow: lambda _: forbidden("role-too-low", "Your role in this workspace does not allow this."),
    PlanLimitReached: _plan_limit_reached,
    InvalidFields: _invalid_fields,
    InvalidTransition: _invalid_transition,
    StaleVersion: lambda error: precondition_failed(error.current),
    InvalidCursor: _invalid_cursor,
}
