"""Which role may do what with notices, and a caller inside an org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from opsdash_contracts.access import TenantAccess
from opsdash_contracts.workspace import Role


class NoticeAction(StrEnum):
    READ = "read"
    WATCH = "watch"
    REMIND = "remind"
    CONFIGURE = "configure"


@dataclass(frozen=True, slots=True)
class Access(TenantAccess[NoticeAction]):
    """A caller inside one org. Every member has an inbox and reminders, and sees who watches and who was told."""

    roles: ClassVar[Mapping[NoticeAction, frozenset[Role]]] = {
        NoticeAction.READ: frozenset(Role),
        NoticeAction.WATCH: frozenset(Role),
        NoticeAction.REMIND: frozenset(Role),
        NoticeAction.CONFIGURE: frozenset({Role.OWNER, Role.ADMIN}),
    }
