"""Several processes index at once: each row is written once, and what somebody is changing holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.service.runtime import Runtime
from opsdash_chassis.settings import DatabaseSettings
from opsdash_comments.search import service as comments
from opsdash_contracts.workspace import Company, Contact
from opsdash_tickets.directory import repository as directory
from opsdash_tickets.indexing import service as tickets
from pydantic import SecretStr

from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.services import runtime_of, settings_in
from tests.support.stack import internal_environment

ORG, PERSON, MOMENT = uuid4(), uuid4(), datetime(2026, 3, 2, 12, tzinfo=UTC)
ROWS = 2 * tickets.BATCH + 20
NAMES = 2 * tickets.NAMES_AT_ONCE + 20
TICKET = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version, contact_id)
VALUES ($1, $2, $3, 'Printer', '', 'open', 'low', 'general', $4, $5, $5, 1, $6)
"""
CONTACTS = """
INSERT INTO contacts (org_id, contact_id, name, version, company_id)
SELECT $1, gen_random_uuid(), 'Zoë', 1, $3 FROM generate_series(1, $2)
"""
THREAD = "INSERT INTO threads (org_id, ticket_id, number, ticket_version) VALUES ($1, $1, 1, 1)"
COMMENTS = """
INSERT INTO comments (org_id, id, ticket_id, author_id, body, body_html, renderer, mentions, created_at, version)
SELECT $1, gen_random_uuid(), $1, $1, 'Käse', '', 1, '{}', now(), 1 FROM generate_series(1, $2)
"""
SETTINGS = {
    "oidc_issuer": "https://id.example.com",
    "oidc_audience": "opsdash",
    "oidc_jwks_url": "https://id.example.com/keys",
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "database_url": "postgresql://app@127.0.0.1/x",
    "database_worker_url": "postgresql://worker@127.0.0.1/x",
    "plaintext_network": "accepted",
}


@asynccontextmanager
async def housekeeping(service: str, template: ServiceDatabase) -> AsyncIterator[tuple[Database, Any]]:
    """A database as housekeeping has it, and a connection beside it."""
    made = await clone(service, template)
    settings = DatabaseSettings.model_construct(
        database_url=SecretStr(made.app_url), database_worker_url=SecretStr(made.worker_url), crash_at=None
    )
    database, connection = Database(settings, name="test"), await asyncpg.connect(made.admin_url)
    await database.open()
    try:
        yield database, connection
    finally:
        await connection.close()
        await database.close()
        await drop(made)


@pytest.fixture
async def of_tickets(tickets_template: ServiceDatabase) -> AsyncIterator[tuple[Database, Any]]:
    async with housekeeping("tickets", tickets_template) as opened:
        yield opened


@pytest.fixture
async def of_comments(comments_template: ServiceDatabase) -> AsyncIterator[tuple[Database, Any]]:
    async with housekeeping("comments", comments_template) as opened:
        yield opened


async def add_tickets(connection: Any, contact: UUID | None = None, number: int = ROWS) -> None:
    rows = [(ORG, uuid4(), place, PERSON, MOMENT, contact) for place in range(1, number + 1)]
    await connection.executemany(TICKET, rows)


async def test_each_ticket_is_indexed_once(of_tickets: tuple[Database, Any]):
    database, connection = of_tickets
    await add_tickets(connection)
    done = await asyncio.gather(*(tickets.index_outdated(database) for _ in range(2)))
    assert sum(done) == ROWS
    assert await connection.fetchval("SELECT count(*) FROM tickets WHERE search_version = 0") == 0


async def test_each_name_is_folded_once(of_tickets: tuple[Database, Any]):
    database, connection = of_tickets
    await connection.execute(CONTACTS, ORG, NAMES, None)
    done = await asyncio.gather(*(tickets.fold_names(database) for _ in range(2)))
    assert sum(done) == NAMES
    assert await connection.fetchval("SELECT count(*) FROM contacts WHERE folded = 'zoe'") == NAMES


async def test_each_comment_is_indexed_once(of_comments: tuple[Database, Any]):
    database, connection = of_comments
    await connection.execute(THREAD, ORG)
    await connection.execute(COMMENTS, ORG, ROWS)
    done = await asyncio.gather(*(comments.index_outdated(database) for _ in range(2)))
    assert sum(done) == ROWS
    assert await connection.fetchval("SELECT count(*) FROM comments WHERE search_version = 0 OR search IS NULL") == 0


async def test_a_ticket_that_is_being_changed_holds_nobody_up(of_tickets: tuple[Database, Any]):
    database, connection = of_tickets
    await add_tickets(connection)
    async with connection.transaction():
        await connection.execute("UPDATE tickets SET title = 'Käse' WHERE number = 1")
        assert await tickets.index_outdated(database) == ROWS - 1
    assert await tickets.index_outdated(database) == 1


async def test_contacts_of_a_company_are_indexed_together(
    of_tickets: tuple[Database, Any], monkeypatch: pytest.MonkeyPatch
):
    """Transactions are counted by the pauses after them."""
    database, connection = of_tickets
    company, contact = uuid4(), uuid4()
    known = Contact(org_id=ORG, contact_id=contact, name="Ada", email=None, company_id=company, version=1)
    await directory.upsert_contact(connection, known)
    await connection.execute(CONTACTS, ORG, tickets.CONTACTS_AT_ONCE - 1, company)
    await add_tickets(connection, contact)
    await directory.upsert_company(connection, Company(org_id=ORG, company_id=company, name="Acme", version=1))
    assert await connection.fetchval("SELECT count(*) FROM changed_contacts") == tickets.CONTACTS_AT_ONCE
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(tickets.asyncio, "sleep", pause)
    assert await tickets.index_changed_contacts(database, settled_seconds=0) == ROWS
    assert len(pauses) <= ROWS // tickets.BATCH + 2
    assert await connection.fetchval("SELECT count(*) FROM changed_contacts") == 0


def test_renamed_contacts_do_not_wait_for_all_tickets(monkeypatch: pytest.MonkeyPatch):
    """Each piece of housekeeping goes on beside the others."""
    jobs: list[Any] = []
    monkeypatch.setattr(Runtime, "every", lambda _, _seconds, _name, work: jobs.append(work))
    runtime_of("tickets", **SETTINGS, **settings_in(internal_environment("tickets")))
    assert {tickets.index_outdated, tickets.index_changed_contacts, tickets.fold_names} <= set(jobs)
