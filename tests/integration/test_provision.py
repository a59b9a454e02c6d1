"""What the roles that provisioning makes may enter."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from opsdash_chassis.database.provision import provision
from opsdash_local.postgres import EmbeddedPostgres

from tests.support.databases import PASSWORDS, database_of

_ENTERED = """
SELECT rolname, datname FROM pg_roles CROSS JOIN pg_database
WHERE datallowconn AND split_part(rolname, '_', 1) = ANY($1::text[])
AND has_database_privilege(rolname, datname, 'CONNECT')
"""


async def test_a_role_enters_the_database_of_its_service_and_no_other(postgres_server: EmbeddedPostgres):
    services = [f"sample{uuid4().hex[:8]}" for _ in range(2)]
    for _ in range(2):  # safe to repeat
        await asyncio.gather(*(provision(postgres_server.admin_url, service, PASSWORDS) for service in services))
    database = database_of(services[0], postgres_server.admin_url, services[0])
    admin = await asyncpg.connect(postgres_server.admin_url)
    rows = await admin.fetch(_ENTERED, services)
    await admin.close()
    assert {(row["rolname"], row["datname"]) for row in rows} == {
        (f"{service}_{role}", service) for service in services for role in ("owner", "app", "worker")
    }
    await (await asyncpg.connect(database.app_url)).close()
    for name in (services[1], "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"{database.app_url.rpartition('/')[0]}/{name}")
