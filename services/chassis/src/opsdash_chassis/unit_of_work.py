"""One transaction with its tenant: a change, its history row and its outbox row are written together or not at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from opsdash_contracts.envelope import Event

from opsdash_chassis.database import Connection, Database, note_queued

_RECORD = """
WITH recorded AS (
    INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type,
                         actor_id, occurred_at, topic, headers, data)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    RETURNING event_id, org_id, aggregate_id
)
INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT event_id, org_id, aggregate_id FROM recorded
"""


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """An open transaction. `now` is the database's transaction time: the only clock business rules may use."""

    connection: Connection
    now: datetime

    async def record(self, event: Event[Any], *, topic: str) -> None:
        """Append the event to the history and queue it for publication, in this transaction."""
        await self.connection.execute(_RECORD, *_recorded(event, topic))
        note_queued()

    async def record_all(self, events: Iterable[Event[Any]], *, topic: str) -> None:
        """The same for many events, in their order, in one round trip."""
        rows = [_recorded(event, topic) for event in events]
        if rows:
            await self.connection.executemany(_RECORD, rows)
            note_queued()


def _recorded(event: Event[Any], topic: str) -> tuple[object, ...]:
    envelope = event.envelope
    headers = {name: value.decode() for name, value in envelope.to_headers()}
    return (
        envelope.id,
        envelope.org_id,
        UUID(envelope.subject),
        envelope.sequence,
        envelope.type,
        envelope.actor_id,
        envelope.time,
        topic,
        json.dumps(headers, separators=(",", ":")),
        event.value().decode(),
    )


@asynccontextmanager
async def worker_unit_of_work(database: Database) -> AsyncIterator[UnitOfWork]:
    """A unit of work of the role that crosses orgs; statements still name the org they touch."""
    async with database.worker_transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        yield UnitOfWork(connection=connection, now=now)
