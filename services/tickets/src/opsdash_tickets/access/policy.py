"""What each role may do here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from opsdash_contracts.workspace import Plate, Role


class Action(StrEnum):
    READ = "read"
    WRITE = "write"
    DELETE = "delete"


_ROLES: Final[Mapping[Action, frozenset[Role]]] = {
    Action.READ: frozenset(Role),
    Action.WRITE: frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER}),
    Action.DELETE: frozenset({Role.OWNER, Role.ADMIN}),
}
ASSIGNABLE_ROLES: Final = _ROLES[Action.WRITE]


@dataclass(frozen=True, slots=True)
class Access:
    """A caller inside one org, as the directory replica knows them at this moment."""

    org_id: UUID
    slug: str
    plate: Plate
    role: Role
    user_id: UUID

    def may(self, action: Action) -> bool:
        return self.role in _ROLES[action]

    @property
    def permissions(self) -> list[Action]:
        """Everything the caller may do here."""
        return [action for action in Action if self.may(action)]
