"""Which role may do what with comments, and a caller inside an org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from opsdash_contracts.access import TenantAccess
from opsdash_contracts.workspace import Role


class CommentAction(StrEnum):
    READ = "read"
    COMMENT = "comment"
    MODERATE = "moderate"


@dataclass(frozen=True, slots=True)
class Access(TenantAccess[CommentAction]):
    """A caller inside one org, and what of its comments is theirs to change."""

    roles: ClassVar[Mapping[CommentAction, frozenset[Role]]] = {
        CommentAction.READ: frozenset(Role),
        CommentAction.COMMENT: frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER}),
        CommentAction.MODERATE: frozenset({Role.OWNER, Role.ADMIN}),
    }
