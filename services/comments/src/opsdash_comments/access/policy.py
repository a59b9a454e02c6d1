"""Which role may do what with comments, and a caller inside an org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from opsdash_contracts.workspace import Plate, Role


class CommentAction(StrEnum):
    READ = "read"
    COMMENT = "comment"
    MODERATE = "moderate"


_ROLES: Final[Mapping[CommentAction, frozenset[Role]]] = {
    CommentAction.READ: frozenset(Role),
    CommentAction.COMMENT: frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER}),
    CommentAction.MODERATE: frozenset({Role.OWNER, Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Access:
    """A caller inside one org, as the directory replica knows them at this moment."""

    org_id: UUID
    slug: str
    plate: Plate
    role: Role
    user_id: UUID

    def may(self, action: CommentAction) -> bool:
        return self.role in _ROLES[action]

    @property
    def permissions(self) -> list[CommentAction]:
        """Everything the caller may do here."""
        return [action for action in CommentAction if self.may(action)]
