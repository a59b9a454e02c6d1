"""No tenant reaches another's rows, even when the application forgets to ask for its own (G8, database isolation)."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from opsdash_contracts.workspace import Role
from opsdash_tenancy.open_tenant import OpenTenant, TenantContext
from opsdash_tickets.names import repository as names_repository
from opsdash_tickets.names.model import NameIds, Names
from opsdash_tickets.tickets import references_repository
from opsdash_tickets.tickets import repository as tickets_repository

from tests.integration.checks import query
from tests.integration.stacks import running
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack

REQUESTS = 2000


@pytest.fixture(scope="module")
async def busy_stack(shared_stack: Stack) -> AsyncIterator[tuple[Stack, ServiceProcess]]:
    """Two tenants with tickets of their own, on a pool that both must share."""
    async with running(shared_stack, OPSDASH_DATABASE_POOL_SIZE="2") as service:
        for org in (shared_stack.workspace.ours, shared_stack.workspace.foreign):
            client = shared_stack.client(service, org.admin)
            for number in range(3):
                await client.create_ticket(org.slug, f"{org.slug} {number}")
        yield shared_stack, service


@asynccontextmanager
async def as_app(stack: Stack, tenant: UUID) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The app role in a transaction inside a tenant; always rolled back."""
    connection = await asyncpg.connect(stack.database.app_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SELECT set_config('app.org_id', $1, true)", str(tenant))
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


class TestForgottenFilter:
    """The repository's own statements with their tenant condition made meaningless."""

    @pytest.fixture
    def without_filter(self, monkeypatch: pytest.MonkeyPatch) -> int:
        changed = 0
        for module in (tickets_repository, references_repository, names_repository):
            for name, value in list(vars(module).items()):
                if isinstance(value, str) and "org_id = $1" in value:
                    everything = re.sub(r"(\w+\.)?org_id = \$1(?!\d)", "($1::uuid IS NOT NULL OR true)", value)
                    monkeypatch.setattr(module, name, everything)
                    changed += 1
        assert changed >= 5
        return changed

    async def test_row_security_alone_still_shows_one_tenant(
        self, busy_stack: tuple[Stack, ServiceProcess], without_filter: int
    ):
        stack, _ = busy_stack
        ours, foreign = stack.workspace.ours, stack.workspace.foreign
        theirs = (await query(stack, "SELECT id, number FROM tickets WHERE org_id = $1", foreign.id))[0]
        async with as_app(stack, ours.id) as connection:
            assert await tickets_repository.detail(connection, ours.id, theirs["id"]) is None
            assert await tickets_repository.lock(connection, ours.id, theirs["id"]) is None
            assert await tickets_repository.detail(connection, foreign.id, theirs["id"]) is None
            ids = (foreign.admin, foreign.contact, foreign.project)
            found = await references_repository.existing(connection, ours.id, ids, roles=["admin"])
            assert set(msgspec.structs.astuple(found)) == {False}
            names, wanted = Names(), NameIds({foreign.admin}, {foreign.contact}, {foreign.project})
            inside = OpenTenant(connection, TenantContext(ours.id, ours.plate, Role.OWNER, datetime.now(UTC), 0))
            assert await names_repository.look_up(names, reader=inside, wanted=wanted)
            assert {names.label(entity_id) for entity_id in ids} == {None}


class TestSharedPool:
    async def test_two_tenants_and_lost_clients_on_two_connections_leak_nothing(
        self, busy_stack: tuple[Stack, ServiceProcess]
    ):
        stack, service = busy_stack
        chance = random.Random(20260131)  # noqa: S311 - the same choices every run
        left = iter(range(REQUESTS))
        answers: list[int] = []

        async def visitor() -> None:
            for _ in left:
                org = chance.choice((stack.workspace.ours, stack.workspace.foreign))
                request = self.request(stack, service, org, write=chance.random() < 0.2)
                if chance.random() < 0.3:
                    await self.abort(service, request, after_seconds=chance.random() * 0.02)
                else:
                    answers.append(await self.ask(service, request, org.slug))

        await asyncio.gather(*(visitor() for _ in range(16)))
        assert len(answers) > REQUESTS / 2
        assert set(answers) <= {200, 201, 503}
        assert answers.count(503) < len(answers) / 10
        for org in (stack.workspace.ours, stack.workspace.foreign):
            answer = await stack.client(service, org.viewer).call("GET", f"/orgs/{org.slug}/tickets?limit=100")
            assert answer.status == 200
            assert {item["title"].split()[0] for item in answer.body["items"]} == {org.slug}
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert (await query(stack, idle))[0][0] == 0
        assert await asyncio.to_thread(service.is_ready)

    def request(self, stack: Stack, service: ServiceProcess, org: Any, *, write: bool) -> bytes:
        token = stack.issuer.authorization(org.admin)["Authorization"]
        body = f'{{"title": "{org.slug} load"}}' if write else ""
        return (
            f"{'POST' if write else 'GET'} /orgs/{org.slug}/tickets HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}"
        ).encode()

    async def ask(self, service: ServiceProcess, request: bytes, slug: str) -> int:
        """The status; every title in the answer must be the tenant's own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.env["OPSDASH_HTTP_PORT"]))
        writer.write(request)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status = int(head.split()[1])
        if status != 503:  # a problem has a title of its own
            titles = re.findall(rb'"title":"([^"]+)"', body)
            assert {title.split()[0].decode() for title in titles} <= {slug}
        return status

    async def abort(self, service: ServiceProcess, request: bytes, *, after_seconds: float) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", int(service.env["OPSDASH_HTTP_PORT"]))
        writer.write(request)
        await asyncio.sleep(after_seconds)
        writer.transport.abort()
