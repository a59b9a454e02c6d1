"""Tickets with due times: SLA monitors beside a tickets service, thousands of tickets at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import aiohttp
import asyncpg
from opsdash_contracts.sla import BREACHED, notice_id
from opsdash_contracts.tickets import Priority, SlaSource, Status
from opsdash_contracts.topics import TICKETS
from opsdash_sla_monitor.deadlines.model import TicketState, unknown

from tests.support.brokers import Witness
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack, monitor_environment, token

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICKET = TicketState(
    org_id=UUID(int=1), ticket_id=UUID(int=2), number=1, version=1, status=Status.OPEN, priority=Priority.MEDIUM,
    assignee_id=None, created_by=UUID(int=3), created_at=NOON, updated_at=NOON, due_at=NOON + 4 * HOUR,
    sla_source=SlaSource.AUTO, resolved_at=None, deleted=False,
)  # fmt: skip
NEW = unknown(TICKET)


_TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# Tickets as the service would have written them: row, history and outbox in one transaction.
_INSERT = f"""
WITH counter AS (
    INSERT INTO org_counters AS c (org_id, last_number, living_tickets)
    VALUES ($1, cardinality($3::uuid[]), cardinality($3::uuid[]))
    ON CONFLICT (org_id) DO UPDATE SET last_number = c.last_number + excluded.last_number,
                                       living_tickets = c.living_tickets + excluded.living_tickets
    RETURNING last_number - cardinality($3::uuid[]) AS before
), n AS (
    SELECT a.*, now() AS at, now() - make_interval(secs => age) AS created_at,
           now() + make_interval(secs => due_in) AS due_at,
           CASE WHEN status IN ('resolved', 'closed') THEN now() END AS finished_at,
           CASE WHEN deleted THEN now() END AS deleted_at,
           counter.before + position AS number
    FROM counter, unnest($3::uuid[], $4::float8[], $5::float8[], $6::text[], $7::bool[])
         WITH ORDINALITY AS a(id, due_in, age, status, deleted, position)
), stored AS (
    INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                         updated_at, sla_due_at, sla_source, sla_outcome, resolved_at, deleted_at, version)
    SELECT $1, id, number, 'Seeded', '', status, 'medium', 'general', $2, created_at, at, due_at,
           CASE WHEN due_at IS NULL THEN NULL ELSE 'manual' END,
           CASE WHEN finished_at > due_at THEN 'missed' WHEN finished_at <= due_at THEN 'met'
                WHEN finished_at IS NOT NULL THEN 'none' END,
           finished_at, deleted_at, 1 FROM n
), h AS (
    INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, actor_id, occurred_at, topic,
                         headers, data)
    SELECT e.event_id, $1, n.id, 1, e.type, $2, n.at, '{TICKETS}', json_build_object(
        'ce_id', e.event_id, 'ce_type', e.type, 'ce_source', '/services/tickets', 'ce_subject', n.id,
        'ce_time', {_TIME.format("n.at")}, 'ce_specversion', '1.0', 'ce_dataschema', 'urn:opsdash:' || e.type || ':v1',
        'content-type', 'application/json', 'ce_orgid', $1, 'ce_sequence', '1', 'ce_actorid', $2
    ), json_build_object(
        'org_id', $1, 'version', 1, 'ticket_id', n.id, 'number', n.number, 'title', 'Seeded', 'status', n.status,
        'priority', 'medium', 'category', 'general', 'assignee_id', NULL, 'contact_id', NULL, 'project_id', NULL,
        'created_by', $2, 'sla_due_at', {_TIME.format("n.due_at")},
        'sla_source', CASE WHEN n.due_at IS NULL THEN NULL ELSE 'manual' END, 'first_response_at', NULL,
        'resolved_at', {_TIME.format("n.finished_at")}, 'closed_at', NULL, 'reopen_count', 0, 'comment_count', 0,
        'created_at', {_TIME.format("n.created_at")}, 'updated_at', {_TIME.format("n.at")},
        'deleted_at', {_TIME.format("n.deleted_at")}, 'bulk_id', NULL, 'changes', json_build_object()
    )
    FROM n, LATERAL (
        SELECT gen_random_uuid() AS event_id,
               CASE WHEN n.deleted THEN 'support_ticket.deleted' ELSE 'support_ticket.created' END AS type
    ) e
    RETURNING event_id, aggregate_id, occurred_at
), o AS (
    INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT event_id, $1, aggregate_id FROM h WHERE $8
)
SELECT id, number, created_at, at, due_at, pg_notify('outbox', '') FROM n
"""


Due: TypeAlias = dict[UUID, datetime | None]


@dataclass(frozen=True)
class Seed:
    """One ticket to be there: seconds from now until due (None: no due time), seconds since creation."""

    due_in: float | None
    age: float = 0.0
    status: str = "open"
    deleted: bool = False
    id: UUID = field(default_factory=uuid4)


async def insert_tickets(
    connection: asyncpg.Connection[asyncpg.Record],
    seeds: Iterable[Seed],
    *,
    org_id: UUID,
    created_by: UUID,
    publish: bool,
) -> list[asyncpg.Record]:
    """Thousands in one statement, straight into the owner's database."""
    rows = list(seeds)
    columns = [[getattr(row, name) for row in rows] for name in ("id", "due_in", "age", "status", "deleted")]
    return await connection.fetch(_INSERT, org_id, created_by, *columns, publish)


@dataclass
class SlaRig:
    """Both services' databases and a broker; nothing is started yet."""

    stack: Stack
    database: ServiceDatabase
    running_tickets: ServiceProcess | None = None

    @property
    def tickets(self) -> ServiceProcess:
        assert self.running_tickets is not None, "the tickets service has not been started"
        return self.running_tickets

    @property
    def org(self) -> UUID:
        return self.stack.workspace.ours.id

    async def start_tickets(self, **overrides: str) -> ServiceProcess:
        self.running_tickets = await self.stack.tickets(**overrides)
        return self.running_tickets

    def start_monitor(self, **overrides: str) -> ServiceProcess:
        environment = monitor_environment(self.stack, self.database, self.tickets.url)
        return self.stack.start_service("sla-monitor", environment | overrides)

    async def insert(self, seeds: Iterable[Seed], org_id: UUID | None = None) -> Due:
        """Write tickets straight into the owner's database, which publishes them; their due times by id."""
        return {row["id"]: row["due_at"] for row in await self._insert(seeds, org_id, publish=True)}

    async def insert_silent(self, seeds: Iterable[Seed]) -> Due:
        """Tickets whose events never leave."""
        return {row["id"]: row["due_at"] for row in await self._insert(seeds, None, publish=False)}

    async def insert_known(self, seeds: Iterable[Seed]) -> Due:
        """Open tickets that the monitor has heard of long ago: rows in both databases, no event any more."""
        rows = await self._insert(seeds, None, publish=False)
        owner = self.stack.workspace.ours.owner
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            await connection.copy_records_to_table(
                "deadlines",
                columns=[
                    "org_id", "ticket_id", "number", "version", "sequence", "priority", "created_by", "created_at",
                    "due_at", "sla_source", "state", "since", "next_step", "next_at",
                ],
                records=[
                    (self.org, row["id"], row["number"], 1, 0, "medium", owner, row["created_at"],
                     row["due_at"], "manual", "running", row["at"], "breach", row["due_at"])
                    for row in rows
                ],
            )  # fmt: skip
        finally:
            await connection.close()
        return {row["id"]: row["due_at"] for row in rows}

    async def _insert(self, seeds: Iterable[Seed], org_id: UUID | None, *, publish: bool) -> list[asyncpg.Record]:
        owner = self.stack.workspace.ours.owner
        connection = await asyncpg.connect(self.stack.database.worker_url)
        try:
            return await insert_tickets(connection, seeds, org_id=org_id or self.org, created_by=owner, publish=publish)
        finally:
            await connection.close()

    async def query(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Rows of the monitor's database as the superuser sees them."""
        connection = await asyncpg.connect(self.database.admin_url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def tickets_query(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Rows of the tickets service's database as the superuser sees them."""
        connection = await asyncpg.connect(self.stack.database.admin_url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def scalar(self, statement: str, *values: object) -> Any:
        return (await self.query(statement, *values))[0][0]

    async def sweep(self, monitor: ServiceProcess) -> dict[str, int]:
        """What a cron call makes the monitor do."""
        headers = {"Authorization": f"Bearer {token('gateway', 'sla-monitor')}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{monitor.url}/internal/sweep") as answer,
        ):
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def ledger(
        self, monitor: ServiceProcess, ticket_id: UUID | str, org_id: UUID | None = None
    ) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token('gateway', 'sla-monitor')}"}
        path = f"/internal/orgs/{org_id or self.org}/tickets/{ticket_id}/ledger"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(monitor.url + path) as answer:
            assert answer.status == 200, await answer.text()
            return list((await answer.json())["entries"])

    def breach_ids(self, due: Due) -> set[str]:
        """The model: the ids these tickets' breaches must have."""
        return {str(notice_id(BREACHED, self.org, ticket, at)) for ticket, at in due.items() if at is not None}


def notified(witness: Witness, event_type: str = BREACHED) -> list[str]:
    """Event ids of that type in the order they came, repeats included."""
    return [str(r.header("ce_id")) for r in list(witness.records) if r.header("ce_type") == event_type]


def bodies(witness: Witness, event_type: str) -> list[dict[str, Any]]:
    return [json.loads(r.value or b"{}") for r in list(witness.records) if r.header("ce_type") == event_type]


@asynccontextmanager
async def sla_rig(stack: Stack, template: ServiceDatabase) -> AsyncIterator[SlaRig]:
    database = await clone("sla-monitor", template)
    try:
        yield SlaRig(stack, database)
    finally:
        await drop(database)
