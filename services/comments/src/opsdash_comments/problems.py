"""The service's refusals as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_http.errors.exceptions import ProblemFactory
from opsdash_http.errors.problems import conflict
from opsdash_tenancy.problems import TENANCY_PROBLEMS

from opsdash_comments.errors import CommentDeleted, ParentDeleted

PROBLEMS: Final[Mapping[type[Exception], ProblemFactory]] = {
    **TENANCY_PROBLEMS,
    CommentDeleted: lambda _: conflict("comment-deleted", "A deleted comment cannot be changed."),
    ParentDeleted: lambda _: conflict("parent-deleted", "A deleted comment cannot be replied to."),
}
