"""What each role may do here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from opsdash_contracts.access import TenantAccess
from opsdash_contracts.workspace import Role


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
class Access(TenantAccess[Action]):
    """A caller inside one org, and what of its tickets is theirs to change."""

    roles: ClassVar[Mapping[Action, frozenset[Role]]] = _ROLES
