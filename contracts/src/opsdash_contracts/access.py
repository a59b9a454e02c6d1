"""A member inside one org, and what their role allows there. A service names its actions and who may take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from opsdash_contracts.workspace import Plate, Role

Action = TypeVar("Action", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class TenantAccess(Generic[Action]):
    """A member, as the directory replica knows them at this moment."""

    #: Who may take each action of the service, in the order in which they are told.
    roles: ClassVar[Mapping[Any, frozenset[Role]]]

    org_id: UUID
    slug: str
    plate: Plate
    role: Role
    user_id: UUID

    def may(self, action: Action) -> bool:
        return self.role in self.roles[action]

    @property
    def permissions(self) -> list[Action]:
        """Everything the member may do here."""
        return [action for action, roles in self.roles.items() if self.role in roles]
