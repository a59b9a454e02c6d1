"""SQL of team channels. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row

from opsdash_notifications.team_channels.model import DisabledWhy, Listener

_COLUMNS = """id, name, scheme, address, shown, reasons, priorities, categories, version, created_at, disabled_at,
    disabled_why, failures, failing_since, failed_at, failed_with"""
_PLACES = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17"
# Who adds a channel waits for others of the org who do: each sees how many there are.
_LOCK_AMOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('team channels ' || $1::uuid, 0))"
_COUNT = "SELECT count(*) FROM team_channels WHERE org_id = $1 AND deleted_at IS NULL"
_ADD = f"INSERT INTO team_channels (org_id, {_COLUMNS}) VALUES ({_PLACES})"  # noqa: S608 - our columns
_PAGE = f"""
SELECT {_COLUMNS} FROM team_channels
WHERE org_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""  # noqa: S608 - our columns
_ONE = f"SELECT {_COLUMNS} FROM team_channels WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL"  # noqa: S608 - ours
_LOCK = f"{_ONE} FOR UPDATE"
_SAVE = """
UPDATE team_channels
SET name = $3, scheme = $4, address = $5, shown = $6, reasons = $7, priorities = $8, categories = $9, version = $10,
    disabled_at = $11, disabled_why = $12, failures = $13, failing_since = $14, failed_at = $15, failed_with = $16
WHERE org_id = $1 AND id = $2
"""
_DELETE = """
UPDATE team_channels SET deleted_at = $3, address = '', shown = '', version = version + 1 WHERE org_id = $1 AND id = $2
"""
_DELETE_OF_GONE = """
UPDATE team_channels SET deleted_at = $2, address = '', shown = '', version = version + 1
WHERE org_id = $1 AND deleted_at IS NULL
  AND EXISTS (SELECT FROM orgs WHERE org_id = $1 AND removed_at IS NOT NULL)
"""
_LISTENING = """
SELECT id, reasons, priorities, categories FROM team_channels
WHERE org_id = $1 AND deleted_at IS NULL AND disabled_at IS NULL AND reasons && $2::text[] ORDER BY id
"""
_RENEW = "UPDATE team_channels SET address = $4 WHERE org_id = $1 AND id = $2 AND address = $3"
_ANY_ADDRESSES_OF_ANY_ORG = """
SELECT org_id, id, address FROM team_channels
WHERE deleted_at IS NULL AND (org_id, id) > ($1, $2) ORDER BY org_id, id LIMIT $3
"""


class Channel(Row, frozen=True):
    """A channel as it is stored; `address` is encrypted."""

    id: UUID
    name: str
    scheme: str
    address: str
    shown: str
    reasons: list[str]
    priorities: list[str]
    categories: list[str]
    version: int
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: DisabledWhy | None = None
    failures: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    failed_with: str | None = None


class StoredAddress(Row, frozen=True):
    """The encrypted address of a channel."""

    org_id: UUID
    id: UUID
    address: str


async def lock_amount(connection: Connection, org_id: UUID) -> int:
    """How many channels the org has; nobody else adds one until the transaction ends."""
    await connection.execute(_LOCK_AMOUNT, org_id)
    count: int = await connection.fetchval(_COUNT, org_id)
    return count


async def add(connection: Connection, org_id: UUID, channel: Channel) -> None:
    await connection.execute(_ADD, org_id, *_values(channel))


async def page(connection: Connection, org_id: UUID, *, after: UUID | None, limit: int) -> list[Channel]:
    """Oldest first."""
    return to_rows(Channel, await connection.fetch(_PAGE, org_id, after, limit))


async def find(connection: Connection, org_id: UUID, channel_id: UUID) -> Channel | None:
    return to_row(Channel, await connection.fetchrow(_ONE, org_id, channel_id))


async def lock(connection: Connection, org_id: UUID, channel_id: UUID) -> Channel | None:
    """The same, held until the transaction ends."""
    return to_row(Channel, await connection.fetchrow(_LOCK, org_id, channel_id))


async def save(connection: Connection, org_id: UUID, channel: Channel) -> None:
    """One that is locked; when it was created stays."""
    values = [
        value for name, value in zip(Channel.__struct_fields__, _values(channel), strict=True) if name != "created_at"
    ]
    await connection.execute(_SAVE, org_id, *values)


async def delete(connection: Connection, org_id: UUID, channel_id: UUID, now: datetime) -> None:
    """Its name stays for the ledger; its address does not."""
    await connection.execute(_DELETE, org_id, channel_id, now)


async def delete_of_gone(connection: Connection, org_id: UUID, now: datetime) -> None:
    """All of an org, where it is gone."""
    await connection.execute(_DELETE_OF_GONE, org_id, now)


async def listening(connection: Connection, org_id: UUID, reasons: Sequence[str]) -> list[Listener]:
    """Those that hear of one of these reasons."""
    return to_rows(Listener, await connection.fetch(_LISTENING, org_id, reasons))


async def addresses(connection: Connection, after: tuple[UUID, UUID], *, limit: int) -> list[StoredAddress]:
    """Of all orgs, in the order of their keys."""
    return to_rows(StoredAddress, await connection.fetch(_ANY_ADDRESSES_OF_ANY_ORG, *after, limit))


async def renew(connection: Connection, stored: StoredAddress, encrypted: str) -> None:
    """The same address, encrypted again, unless somebody has changed it."""
    await connection.execute(_RENEW, stored.org_id, stored.id, stored.address, encrypted)


def _values(channel: Channel) -> list[object]:
    return [getattr(channel, name) for name in Channel.__struct_fields__]
