"""Looks people up by their user ids, those who have left included."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from opsdash_contracts.workspace import Role
from opsdash_tenancy.directory_repository import PEOPLE, KnownPerson
from opsdash_tenancy.open_tenant import ReadsInTenant

from opsdash_comments.people.model import People, Somebody


async def look_up(people: People, *, reader: ReadsInTenant, wanted: Iterable[UUID]) -> bool:
    """Add those of the wanted people who are missing; whether there were any."""
    missing = people.missing(wanted)
    if missing:
        people.add(missing, _by_id(await reader.fetch(KnownPerson, PEOPLE, missing)))
    return bool(missing)


def _by_id(found: Iterable[KnownPerson]) -> dict[UUID, Somebody]:
    return {
        row.id: Somebody(row.name, row.active, Role(row.role) if row.active and row.role else None) for row in found
    }
