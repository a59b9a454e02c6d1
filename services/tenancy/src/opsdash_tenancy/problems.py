"""The refusals every service with tenants shares, as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_http.errors.exceptions import ProblemFactory
from opsdash_http.errors.problems import (
    FieldError,
    Problem,
    bad_request,
    forbidden,
    not_found,
    precondition_failed,
    validation,
)

from opsdash_tenancy.errors import FeatureNotAvailable, Forbidden, InvalidFields, NotFound, StaleVersion


def _feature_not_available(error: FeatureNotAvailable) -> Problem:
    detail = "This feature is not part of this workspace's plan."
    return forbidden("feature-not-available", detail, plate=error.plate, plates=error.plates)


def _invalid_fields(error: InvalidFields) -> Problem:
    return validation(FieldError(item.pointer, item.code, item.message) for item in error.problems)


def _invalid_cursor(_: InvalidCursor) -> Problem:
    detail = "The cursor does not belong to this list; start again without one."
    return bad_request("invalid-cursor", detail, [FieldError("/query/cursor", "invalid-cursor", "is not valid here")])


TENANCY_PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    NotFound: lambda _: not_found(),
    FeatureNotAvailable: _feature_not_available,
    Forbidden: lambda _: forbidden("role-too-low", "Your role in this workspace does not allow this."),
    InvalidFields: _invalid_fields,
    StaleVersion: lambda error: precondition_failed(error.current),
    InvalidCursor: _invalid_cursor,
}
