"""Handlers of the workspace's events, which keep the replica of orgs and members."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Org, Removed, removed, upserted
from opsdash_tenancy import directory_repository as directory

from opsdash_notifications.directory import repository
from opsdash_notifications.inbox import repository as inbox_repository
from opsdash_notifications.reminders import repository as reminder_repository
from opsdash_notifications.team_channels import repository as channels_repository
from opsdash_notifications.watching import repository as watching_repository


async def store_org(work: UnitOfWork, event: Event[Org]) -> None:
    await directory.upsert_org(work.connection, event.data)


async def store_member(work: UnitOfWork, event: Event[Member]) -> None:
    """Whoever gave the membership to another person has left."""
    member = event.data
    before = await repository.user_of(work.connection, member.org_id, member.member_id)
    await directory.upsert_member(work.connection, member)
    if before is not None and before != member.user_id:
        await _forget_unless_member(work, event.data.org_id, before)


async def forget_entity(work: UnitOfWork, event: Event[Removed]) -> None:
    """Mark the org or member as gone; the ledger keeps showing the name."""
    await directory.remove(work.connection, event.data, work.now)


async def forget_org(work: UnitOfWork, event: Event[Removed]) -> None:
    """Nothing is sent to its chats any more, so their addresses are not kept."""
    await forget_entity(work, event)
    await channels_repository.delete_of_gone(work.connection, event.data.org_id, work.now)


async def forget_member(work: UnitOfWork, event: Event[Removed]) -> None:
    """Whoever left has no inbox and no reminders there any more, and watches nothing."""
    await forget_entity(work, event)
    user_id = await repository.user_of(work.connection, event.data.org_id, event.data.id)
    if user_id is not None:
        await _forget_unless_member(work, event.data.org_id, user_id)


async def _forget_unless_member(work: UnitOfWork, org_id: UUID, user_id: UUID) -> None:
    if not await repository.is_member(work.connection, org_id, user_id):
        await reminder_repository.forget_person(work.connection, org_id, user_id)
        await inbox_repository.forget_person(work.connection, org_id, user_id)
        await watching_repository.forget_person(work.connection, org_id, user_id)


WORKSPACE_HANDLERS: dict[str, Handler] = {
    upserted(Kind.ORG): store_org,
    upserted(Kind.MEMBER): store_member,
    removed(Kind.ORG): forget_org,
    removed(Kind.MEMBER): forget_member,
}
