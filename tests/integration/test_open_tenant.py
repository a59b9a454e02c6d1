"""Entering an org and reading in it by one statement: nothing of another org, whatever the planner prefers."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.row import Row
from opsdash_contracts.workspace import Member, Org, Plate, Role
from opsdash_tenancy.directory_repository import upsert_member, upsert_org
from opsdash_tenancy.open_tenant import TenantReader, open_tenant, read_in_org

from tests.support.databases import ServiceDatabase
from tests.support.measurements import eventually
from tests.support.workspace import LARGE_ORG, LARGE_OWNER, seed_many

TITLES = "SELECT t.id, t.org_id, t.title FROM tickets t WHERE t.org_id = $1 ORDER BY t.number LIMIT $2"
EVERYTHING = "SELECT t.org_id FROM tickets t LEFT JOIN orgs o ON o.org_id = t.org_id WHERE $1::uuid IS NOT NULL"


class InOrg(Row):
    org_id: UUID


class Titled(Row):
    id: UUID
    org_id: UUID
    title: str


@pytest.fixture
async def seeded(tickets_database: ServiceDatabase) -> ServiceDatabase:
    await seed_many(tickets_database.admin_url, orgs=2, each=5, large=20)
    return tickets_database


@pytest.mark.parametrize("refused", ["", "enable_nestloop", "enable_indexscan", "enable_hashjoin"])
async def test_a_member_reads_their_org_only(seeded: ServiceDatabase, refused: str):
    connection = await asyncpg.connect(seeded.app_url)
    if refused:
        await connection.execute(f"SET {refused} = off")
    found = await read_in_org(connection, "large", LARGE_OWNER, InOrg, EVERYTHING)
    after = await connection.fetch("SELECT * FROM tickets")
    await connection.close()
    assert found is not None
    tenant, rows = found
    assert tenant.org_id == LARGE_ORG
    assert [row.org_id for row in rows] == [LARGE_ORG] * 20
    assert after == [], "the tenant must not outlive the statement"


async def test_order_and_limit_are_kept_and_nothing_found_is_empty(seeded: ServiceDatabase):
    connection = await asyncpg.connect(seeded.app_url)
    found = await read_in_org(connection, "large", LARGE_OWNER, Titled, TITLES, 3)
    none = await read_in_org(connection, "large", LARGE_OWNER, Titled, TITLES, 0)
    await connection.close()
    assert found is not None
    assert [row.title.rsplit(" ", 1)[1] for row in found[1]] == ["1", "2", "3"]
    assert none is not None
    assert none[1] == []


async def test_what_takes_long_is_given_up_in_the_database_too(seeded: ServiceDatabase):
    connection = await asyncpg.connect(seeded.app_url)
    slow = "SELECT t.org_id FROM tickets t, pg_sleep(60) WHERE t.org_id = $1"
    with pytest.raises(TimeoutError):
        await TenantReader(connection, "large", LARGE_OWNER).fetch(InOrg, slow, seconds=0.1)
    assert await TenantReader(connection, "large", LARGE_OWNER).fetch(Titled, TITLES, 1, seconds=5)
    await connection.close()
    running = """
    SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()
    """
    await eventually(lambda: seeded.fetch(running), lambda rows: not rows)


async def test_an_outsider_enters_nothing(seeded: ServiceDatabase):
    connection = await asyncpg.connect(seeded.app_url)
    assert await read_in_org(connection, "org-1", LARGE_OWNER, InOrg, EVERYTHING) is None
    await connection.close()


async def test_the_newest_org_of_a_slug_and_the_newest_membership_in_it_decide(tickets_database: ServiceDatabase):
    """Events of a renamed org and of a person who came back may be here before those of what they replace."""
    old, new, elsewhere, both, gone = (uuid4() for _ in range(5))
    worker, app = [await asyncpg.connect(url) for url in (tickets_database.worker_url, tickets_database.app_url)]
    for org, version in ((old, 1), (new, 2)):
        await upsert_org(worker, Org(org_id=org, slug="same", name="x", plate=Plate.AGENCY, version=version))
    people = [(old, elsewhere, Role.ADMIN, 1), (old, both, Role.OWNER, 9), (new, both, Role.VIEWER, 3)]
    for org, user, role, version in [*people, (new, both, Role.MEMBER, 4), (new, gone, Role.OWNER, 1)]:
        member = Member(
            org_id=org, member_id=uuid4(), user_id=user, name="x", email="x@example.org", role=role, version=version
        )
        await upsert_member(worker, member)
    await worker.execute("UPDATE members SET removed_at = now() WHERE user_id = $1", gone)
    tenant = {}
    for user in (elsewhere, both, gone):
        for named in ("same", str(old), str(new)):
            async with app.transaction():
                found = await open_tenant(app, named, user)
                tenant[user, named] = found and (found.org_id, found.role)
    assert tenant == {
        (elsewhere, "same"): (old, Role.ADMIN), (elsewhere, str(old)): (old, Role.ADMIN), (elsewhere, str(new)): None,
        (both, "same"): (new, Role.MEMBER), (both, str(old)): (old, Role.OWNER), (both, str(new)): (new, Role.MEMBER),
        (gone, "same"): None, (gone, str(old)): None, (gone, str(new)): None,
    }  # fmt: skip
    assert {
        user: {row["org_id"]: row["slug"] for row in await app.fetch("SELECT * FROM orgs_of_user($1)", user)}
        for user in (elsewhere, both)
    } == {elsewhere: {old: "same"}, both: {old: str(old), new: "same"}}
    await worker.execute("UPDATE orgs SET slug = $1 WHERE org_id = $2", str(old), new)
    row = await app.fetchrow("SELECT slug FROM orgs_of_user($1) WHERE org_id = $2", both, new)
    assert row["slug"] == str(new), "a slug that looks like an id would lead elsewhere"
    for connection in (worker, app):
        await connection.close()


async def test_what_is_read_next_is_of_the_same_org_though_its_slug_has_become_another_ones(seeded: ServiceDatabase):
    """The person is a member of both, so the slug alone would lead to the other."""
    connection, worker = await asyncpg.connect(seeded.app_url), await asyncpg.connect(seeded.worker_url)
    other = uuid4()
    await upsert_org(worker, Org(org_id=other, slug="other", name="Other", plate=Plate.AGENCY, version=1))
    await upsert_member(
        worker,
        Member(org_id=other, member_id=uuid4(), user_id=LARGE_OWNER, name="X", email=None, role=Role.OWNER, version=1),
    )
    reader = TenantReader(connection, "large", LARGE_OWNER)
    first = await reader.fetch(InOrg, "SELECT t.org_id FROM tickets t WHERE t.org_id = $1")
    await worker.execute("UPDATE orgs SET slug = 'moved' WHERE org_id = $1", LARGE_ORG)
    await worker.execute("UPDATE orgs SET slug = 'large' WHERE org_id = $1", other)
    again = await reader.fetch(InOrg, "SELECT t.org_id FROM tickets t WHERE t.org_id = $1")
    await connection.close()
    await worker.close()
    assert again == first
    assert reader.tenant.org_id == LARGE_ORG
