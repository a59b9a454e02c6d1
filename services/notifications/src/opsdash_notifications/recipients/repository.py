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

_ORG = "SELECT plate, installed_at() AS installed_at FROM orgs WHERE org_id = $1 AND removed_at IS NULL"
_MEMBERS = """
SELECT DISTINCT ON (user_id) user_id, role FROM members
WHERE org_id = $1 AND removed_at IS NULL AND role IS NOT NULL
  AND (user_id = ANY($2::uuid[]) OR (role IN ('owner', 'admin') AND user_id IS NOT NULL))
ORDER BY user_id, version DESC
"""


class Org(Row, frozen=True):
    """An org's plate, and since when this service is there to tell anybody."""

    plate: str
    installed_at: datetime

    @property
    def has_support(self) -> bool:
        return Plate(self.plate) in PLATES_WITH_SUPPORT


class _Member(Row, frozen=True):
    user_id: UUID
    role: str


async def org(connection: Connection, org_id: UUID) -> Org | None:
    return to_row(Org, await connection.fetchrow(_ORG, org_id))


async def audience(connection: Connection, org_id: UUID, subject_id: UUID, occasion: Occasion) -> Audience:
    """Of a ticket, or of an org, which nobody watches; of an org with Support."""
    watches = await watching.watches(connection, org_id, subject_id)
    assignee = () if occasion.assignee_id is None else (occasion.assignee_id,)
    wanted: Sequence[UUID] = [*occasion.named, *assignee, *(watch.user_id for watch in watches)]
    members = to_rows(_Member, await connection.fetch(_MEMBERS, org_id, wanted))
    return Audience(
        members={member.user_id: Role(member.role) for member in members},
        watching=frozenset(watch.user_id for watch in watches if watch.state == WatchState.WATCHING),
        muted=frozenset(watch.user_id for watch in watches if watch.state == WatchState.MUTED),
    )
