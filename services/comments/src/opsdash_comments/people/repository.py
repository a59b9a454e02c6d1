"""Looks people up by their user ids, those who have left included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_contracts.workspace import Role
from opsdash_tenancy.directory_repository import PEOPLE, KnownPerson
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_comments.people.model import People, Somebody


async def look_up(people: People, connection: Connection, org_id: UUID, missing: Sequence[UUID]) -> None:
    """Add who is missing."""
    people.add(missing, _by_id(to_rows(KnownPerson, await connection.fetch(PEOPLE, org_id, missing))))


async def look_up_with_tenant(people: People, reader: TenantReader, missing: Sequence[UUID]) -> None:
    """The same for a request that reads on opening the org."""
    people.add(missing, _by_id(await reader.fetch(KnownPerson, PEOPLE, missing)))


def _by_id(found: Iterable[KnownPerson]) -> dict[UUID, Somebody]:
    return {
        row.id: Somebody(row.name, row.active, Role(row.role) if row.active and row.role else None) for row in found
    }
