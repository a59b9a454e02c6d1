"""One transaction with its tenant: a change, its history row and its outbox row are written together or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from opsdash_contracts.envelope import Event

from opsdash_chassis.database.pools import Connection, Database, notify_after_commit

_HISTORY_COLUMNS = (
    "event_id", "org_id", "aggregate_id", "aggregate_version", "event_type",
    "actor_id", "occurred_at", "topic", "headers", "data",
)  # fmt: skip
#: Where a statement that changes something has its event recorded, as parts of its WITH.
RECORDED = "{recorded}"
_RECORDED = """
recorded AS (INSERT INTO history ({columns}) VALUES ({places}) RETURNING event_id, org_id, aggregate_id),
queued AS (INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT event_id, org_id, aggregate_id FROM recorded)
"""


@lru_cache(maxsize=256)
def _recording(statement: str, values: int) -> str:
    """The statement with the event's rows beside its change; the event's parameters follow the statement's."""
    places = ", ".join(f"${values + place}" for place in range(1, len(_HISTORY_COLUMNS) + 1))
    return statement.replace(RECORDED, _RECORDED.format(columns=", ".join(_HISTORY_COLUMNS), places=places))


_RECORD = _recording(f"WITH {RECORDED} SELECT FROM recorded", 0)


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """An open transaction. `now` is the database's transaction time: the only clock business rules may use."""

    connection: Connection
    now: datetime

    async def execute_with_event(self, statement: str, *values: object, event: Event[Any], topic: str) -> None:
        """Run a statement that changes something and record its event, in one round trip."""
        await self.connection.execute(_recording(statement, len(values)), *values, *_recorded(event, topic))
        notify_after_commit()

    async def append_events(self, events: Iterable[Event[Any]], *, topic: str) -> None:
        """Append events to the history and queue them for publication, in their order, in one round trip."""
        rows = [_recorded(event, topic) for event in events]
        if rows:
            await self.connection.executemany(_RECORD, rows)
            notify_after_commit()


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
        msgspec.json.encode(headers).decode(),
        event.value().decode(),
    )


@asynccontextmanager
async def worker_unit_of_work(database: Database) -> AsyncIterator[UnitOfWork]:
    """A unit of work of the role that crosses orgs; statements still name the org they touch."""
    async with database.worker_transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        yield UnitOfWork(connection=connection, now=now)
