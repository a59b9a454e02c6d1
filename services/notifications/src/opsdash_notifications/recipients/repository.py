"""SQL of who may be told in an org. Every statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT, Plate, Role

from opsdash_notifications.recipients.model import Audience, Occasion
from opsdash_notifications.watching import repository as watching
from opsdash_notifications.watching.model import WatchState

_ORG = """
SELECT plate, removed_at IS NOT NULL AS is_gone, installed_at() AS installed_at FROM orgs WHERE org_id = $1
"""
_INSTALLED_AT = "SELECT installed_at()"
_MEMBERS = """
SELECT DISTINCT ON (user_id) user_id, role, removed_at IS NULL AND role IS NOT NULL AS is_active FROM members
WHERE org_id = $1
  AND (user_id = ANY($2::uuid[]) OR (role IN ('owner', 'admin') AND user_id IS NOT NULL AND removed_at IS NULL))
ORDER BY user_id, is_active DESC, version DESC
"""


class Org(Row, frozen=True):
    """An org's plate, whether it was removed, and since when this service is there to tell anybody."""

    plate: str
    is_gone: bool
    installed_at: datetime

    @property
    def has_support(self) -> bool:
        return not self.is_gone and Plate(self.plate) in PLATES_WITH_SUPPORT


class _Member(Row, frozen=True):
    user_id: UUID
    role: str | None
    is_active: bool


async def org(connection: Connection, org_id: UUID) -> Org | None:
    """None where the workspace feed has not told of it."""
    return to_row(Org, await connection.fetchrow(_ORG, org_id))


async def installed_at(connection: Connection) -> datetime:
    found: datetime = await connection.fetchval(_INSTALLED_AT)
    return found


async def audience(connection: Connection, org_id: UUID, subject_id: UUID, occasion: Occasion) -> Audience:
    """Of a ticket, or of an org, which nobody watches; of an org with Support."""
    watches = await watching.watches(connection, org_id, subject_id)
    assignee = () if occasion.assignee_id is None else (occasion.assignee_id,)
    wanted: Sequence[UUID] = [*occasion.named, *assignee, *(watch.user_id for watch in watches)]
    members = to_rows(_Member, await connection.fetch(_MEMBERS, org_id, wanted))
    return Audience(
        members={member.user_id: Role(member.role or "") for member in members if member.is_active},
        known=frozenset(member.user_id for member in members),
        watching=frozenset(watch.user_id for watch in watches if watch.state == WatchState.WATCHING),
        muted=frozenset(watch.user_id for watch in watches if watch.state == WatchState.MUTED),
    )
