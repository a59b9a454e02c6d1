"""Handlers of the workspace's events, which keep the replica of orgs and members."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Org, Removed, removed, upserted
from opsdash_tenancy import directory_repository as directory


async def store_org(work: UnitOfWork, event: Event[Org]) -> None:
    await directory.upsert_org(work.connection, event.data)


async def store_member(work: UnitOfWork, event: Event[Member]) -> None:
    await directory.upsert_member(work.connection, event.data)


async def forget_entity(work: UnitOfWork, event: Event[Removed]) -> None:
    """Mark the org or member as gone; comments keep showing the name."""
    await directory.remove(work.connection, event.data, work.now)


WORKSPACE_HANDLERS: dict[str, Handler] = {
    upserted(Kind.ORG): store_org,
    upserted(Kind.MEMBER): store_member,
    removed(Kind.ORG): forget_entity,
    removed(Kind.MEMBER): forget_entity,
}
