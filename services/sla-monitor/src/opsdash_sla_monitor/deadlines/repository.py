"""SQL of deadlines. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import msgspec
from opsdash_chassis.database.pools import Connection, Record, columns_of
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.tickets import Priority, SlaSource

from opsdash_sla_monitor.deadlines.model import Deadline, Key, State, Step

COLUMNS = tuple(field.name for field in fields(Deadline))
_FIXED = ("org_id", "ticket_id", "created_by", "created_at")
MUTABLE = tuple(name for name in COLUMNS if name not in _FIXED)

# In the order of the key, so that two who lock the same tickets cannot lock each other out.
_LOCK_ALL = """
SELECT d.* FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, ticket_id) JOIN deadlines d USING (org_id, ticket_id)
ORDER BY org_id, ticket_id FOR UPDATE OF d
"""
_VERSIONS = """
SELECT d.org_id, d.ticket_id, d.version
FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, ticket_id) JOIN deadlines d USING (org_id, ticket_id)
"""
_READ = "SELECT * FROM deadlines WHERE org_id = $1 AND ticket_id = $2"
# What is known already was locked by its version; a row that came meanwhile is newer than what was to be the first one.
# The announcement is sent at commit: a timer that sleeps beyond that moment wakes up, in whichever replica it is.
# What is further away than the longest interval between sweeps is found in time unannounced, and holds up no commit.
_SAVE_ALL = f"""
WITH saved AS (
    INSERT INTO deadlines ({", ".join(COLUMNS)})
    SELECT {", ".join(COLUMNS)} FROM json_populate_recordset(NULL::deadlines, $1)
    ON CONFLICT (org_id, ticket_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in MUTABLE)}
    WHERE deadlines.version < excluded.version
    RETURNING next_at
)
SELECT CASE WHEN next_at < now() + interval '61 minutes'
       THEN pg_notify('deadlines', extract(epoch FROM next_at)::text) END FROM saved
"""  # noqa: S608 - names of our own columns


async def known_versions(connection: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """Of those that are known; not locked."""
    rows = await connection.fetch(_VERSIONS, *columns_of(keys))
    return {(row["org_id"], row["ticket_id"]): row["version"] for row in rows}


async def lock_all(connection: Connection, keys: Sequence[Key]) -> dict[Key, Deadline]:
    """Those that are known, locked until the transaction ends."""
    deadlines = [to_deadline(row) for row in await connection.fetch(_LOCK_ALL, *columns_of(keys))]
    return {deadline.key: deadline for deadline in deadlines}


async def read(connection: Connection, org_id: UUID, ticket_id: UUID) -> Deadline | None:
    row = await connection.fetchrow(_READ, org_id, ticket_id)
    return None if row is None else to_deadline(row)


async def save_all(connection: Connection, deadlines: Sequence[Deadline]) -> None:
    """Store deadlines, new ones and locked ones. Raises Unavailable when somebody else stored a new one meanwhile."""
    saved = await connection.fetch(_SAVE_ALL, msgspec.json.encode(deadlines).decode())
    if len(saved) < len(deadlines):
        raise Unavailable("Somebody else follows one of these tickets just now.")


def to_deadline(row: Record) -> Deadline:
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    step, source = values["next_step"], values["sla_source"]
    return Deadline(
        **{
            **values,
            "priority": Priority(values["priority"]),
            "sla_source": None if source is None else SlaSource(source),
            "state": State(values["state"]),
            "next_step": None if step is None else Step(step),
        }
    )
