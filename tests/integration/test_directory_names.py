"""A name is the new one with the first request after its change was committed, on every replica."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from opsdash_contracts.workspace import Company, Contact, Kind, Member, Project, Removed, Role
from opsdash_tickets.directory import repository as directory

from tests.integration.checks import query
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.workspace import OrgFixture

Change = Callable[[asyncpg.Connection, OrgFixture], Awaitable[None]]


async def rename_company(connection: asyncpg.Connection, org: OrgFixture) -> None:
    await directory.upsert_company(connection, Company(org_id=org.id, company_id=org.company, name="New", version=2))


async def rename_contact(connection: asyncpg.Connection, org: OrgFixture) -> None:
    contact = Contact(
        org_id=org.id, contact_id=org.contact, name="New", email="n@example.com", company_id=org.company, version=2
    )
    await directory.upsert_contact(connection, contact)


async def rename_project(connection: asyncpg.Connection, org: OrgFixture) -> None:
    await directory.upsert_project(connection, Project(org_id=org.id, project_id=org.project, name="New", version=2))


async def remove_project(connection: asyncpg.Connection, org: OrgFixture) -> None:
    gone = Removed(kind=Kind.PROJECT, id=org.project, org_id=org.id, version=3)
    await directory.remove(connection, gone, await connection.fetchval("SELECT now()"))


async def give_owner_a_new_membership(connection: asyncpg.Connection, org: OrgFixture) -> None:
    again = Member(
        org_id=org.id, member_id=uuid4(), user_id=org.owner, name="New", email=None, role=Role.OWNER, version=2
    )
    await directory.upsert_member(connection, again)


#: What is changed, where an answer shows it, and what stands there then.
CHANGES: dict[str, tuple[Change, Callable[[dict[str, Any]], object], object]] = {
    "company": (rename_company, lambda ticket: ticket["contact"]["company"]["name"], "New"),
    "contact": (rename_contact, lambda ticket: ticket["contact"]["name"], "New"),
    "project": (rename_project, lambda ticket: ticket["project"]["name"], "New"),
    "removed project": (remove_project, lambda ticket: ticket["project"]["active"], False),
    "membership": (give_owner_a_new_membership, lambda ticket: ticket["created_by"]["name"], "New"),
}


@pytest.fixture
async def replicas(stack: Stack) -> list[ServiceProcess]:
    return [await stack.tickets(), await stack.tickets()]


@asynccontextmanager
async def changing(stack: Stack, change: Change) -> AsyncIterator[None]:
    """Inside the block the change is made and not yet committed."""
    connection = await asyncpg.connect(stack.database.worker_url)
    try:
        async with connection.transaction():
            await change(connection, stack.workspace.ours)
            yield
    finally:
        await connection.close()


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_shows_at_once_in_lists_and_details(stack: Stack, replicas: list[ServiceProcess], name: str):
    change, shown, wanted = CHANGES[name]
    ours = stack.workspace.ours
    clients = [stack.client(replica, ours.owner) for replica in replicas]
    ticket = await clients[0].create_ticket(
        ours.slug, assignee_id=str(ours.owner), contact_id=str(ours.contact), project_id=str(ours.project)
    )
    path = f"/orgs/{ours.slug}/tickets"

    async def everywhere() -> list[object]:
        lists = [(await client.call("GET", path)).body["items"][0] for client in clients]
        details = [(await client.call("GET", f"{path}/{ticket['id']}")).body for client in clients]
        return [shown(answer) for answer in (*lists, *details)]

    before = await everywhere()
    assert wanted not in before
    async with changing(stack, change):
        assert await everywhere() == before, "nobody sees what is not committed"
    assert await everywhere() == [wanted] * 4


async def test_each_change_of_the_directory_counts_for_its_org_alone(stack: Stack):
    async def revisions() -> dict[Any, int]:
        return {row[0]: row[1] for row in await query(stack, "SELECT org_id, directory_revision FROM orgs")}

    before = await revisions()
    for change, *_ in CHANGES.values():
        async with changing(stack, change):
            pass
    after = await revisions()
    ours = stack.workspace.ours.id
    assert after.pop(ours) == before.pop(ours) + len(CHANGES)
    assert after == before


async def test_an_older_version_changes_nothing(stack: Stack):
    org = stack.workspace.ours
    count = "SELECT directory_revision FROM orgs WHERE org_id = $1"
    async with changing(stack, rename_project):
        pass
    ((before,),) = await query(stack, count, org.id)
    async with changing(stack, rename_project):
        pass
    assert await query(stack, count, org.id) == [(before,)]
