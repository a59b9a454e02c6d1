"""SQL of deliveries. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final
from uuid import UUID

import msgspec
from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows

from opsdash_sla_monitor.deliveries.model import NoticeReport

#: What is read of one ticket: the newest, so that a ledger stays bounded whatever happened to the ticket.
MOST_OF_A_TICKET: Final = 2000

_COLUMNS = tuple(field.name for field in fields(NoticeReport))
_SAVE_ALL = f"""
INSERT INTO deliveries ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM json_populate_recordset(NULL::deliveries, $1)
ON CONFLICT (org_id, ticket_id, notice_id) DO UPDATE
SET version = excluded.version, state = excluded.state, at = excluded.at, why = excluded.why
WHERE deliveries.version < excluded.version
"""  # noqa: S608 - names of our own columns
_OF_TICKET = f"""
SELECT {", ".join(_COLUMNS)} FROM deliveries WHERE org_id = $1 AND ticket_id = $2 ORDER BY version DESC LIMIT $3
"""  # noqa: S608 - names of our own columns


async def save_all(connection: Connection, deliveries: Sequence[NoticeReport]) -> None:
    """Store new ones, and newer states of known ones."""
    await connection.execute(_SAVE_ALL, msgspec.json.encode(deliveries).decode())


async def by_source_event(connection: Connection, org_id: UUID, ticket_id: UUID) -> Mapping[UUID, list[NoticeReport]]:
    """Those of a ticket by the event that they tell of, in the order they were reported."""
    records = await connection.fetch(_OF_TICKET, org_id, ticket_id, MOST_OF_A_TICKET)
    found: dict[UUID, list[NoticeReport]] = defaultdict(list)
    for report in reversed(to_rows(NoticeReport, records)):
        found[report.source_event_id].append(report)
    return found
