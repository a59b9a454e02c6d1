"""Handlers of the workspace feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Org, Removed, removed, upserted

from opsdash_tickets.directory import repository
from opsdash_tickets.plate_usage import service as plate_usage
from opsdash_tickets.retention import service as retention


def _storing(store: Callable[[Connection, Any], Awaitable[None]]) -> Handler:
    async def handle(work: UnitOfWork, event: Event[Any]) -> None:
        await store(work.connection, event.data)

    return handle


async def store_org(work: UnitOfWork, event: Event[Org]) -> None:
    """A changed plate counts at once: for access, for the cap, and for the notice that it is full."""
    org = event.data
    before = await repository.plate_of(work.connection, org.org_id)
    await repository.upsert_org(work.connection, org)
    after = await repository.plate_of(work.connection, org.org_id)
    if before is not None and after is not None and before is not after:
        await plate_usage.plate_changed(work, org.org_id, before=before, after=after)


async def forget_entity(work: UnitOfWork, event: Event[Removed]) -> None:
    """Mark the entity as gone; tickets keep showing its name."""
    await repository.remove(work.connection, event.data, work.now)


async def store_member(work: UnitOfWork, event: Event[Member]) -> None:
    """A person who becomes a viewer, or gives the membership to another person, has no tickets any more."""
    member = event.data
    before = await repository.user_of(work.connection, member.org_id, member.member_id)
    await repository.upsert_member(work.connection, member)
    for user_id in {before or member.user_id, member.user_id}:
        await retention.unassign_unless_assignable(work, member.org_id, user_id)


async def forget_member(work: UnitOfWork, event: Event[Removed]) -> None:
    """A person who left has no tickets any more."""
    await forget_entity(work, event)
    user_id = await repository.user_of(work.connection, event.data.org_id, event.data.id)
    if user_id is not None:
        await retention.unassign_unless_assignable(work, event.data.org_id, user_id)


WORKSPACE_HANDLERS: dict[str, Handler] = {
    **{removed(kind): forget_entity for kind in Kind},
    removed(Kind.MEMBER): forget_member,
    upserted(Kind.ORG): store_org,
    upserted(Kind.MEMBER): store_member,
    upserted(Kind.CONTACT): _storing(repository.upsert_contact),
    upserted(Kind.COMPANY): _storing(repository.upsert_company),
    upserted(Kind.PROJECT): _storing(repository.upsert_project),
}
