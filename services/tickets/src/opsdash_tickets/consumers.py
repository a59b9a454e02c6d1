"""What the tickets service does with the events of others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from opsdash_chassis.consumers import Consumers, Handler
from opsdash_chassis.database import Connection
from opsdash_chassis.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Kind, Removed, removed, upserted

from opsdash_tickets import directory_repository as directory


def _storing(store: Callable[[Connection, Any], Awaitable[None]]) -> Handler:
    async def handle(work: UnitOfWork, event: Event[Any]) -> None:
        await store(work.connection, event.data)

    return handle


async def forget_entity(work: UnitOfWork, event: Event[Removed]) -> None:
    """Mark the entity as gone; tickets keep showing its name."""
    await directory.remove(work.connection, event.data, work.now)


WORKSPACE_HANDLERS: dict[str, Handler] = {
    upserted(Kind.ORG): _storing(directory.upsert_org),
    upserted(Kind.MEMBER): _storing(directory.upsert_member),
    upserted(Kind.CONTACT): _storing(directory.upsert_contact),
    upserted(Kind.COMPANY): _storing(directory.upsert_company),
    upserted(Kind.PROJECT): _storing(directory.upsert_project),
    **{removed(kind): forget_entity for kind in Kind},
}


def subscribe(consumers: Consumers) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(WORKSPACE, WORKSPACE_HANDLERS)
