"""What a ticket is found by, read and put together for storing it."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork

from opsdash_tickets.tickets import references_repository
from opsdash_tickets.tickets.index_model import index_of

#: Characters that are indexed at once: less work than handing them over.
_AT_ONCE: Final = 2_000


async def found_by(work: UnitOfWork, org_id: UUID, title: str, description: str, contact_id: UUID | None) -> str:
    """The ticket's `tsvector`, with the names of today."""
    contact = (
        None if contact_id is None else await references_repository.contact_texts(work.connection, org_id, contact_id)
    )
    name, company = ("", "") if contact is None else (f"{contact.name} {contact.email or ''}", contact.company or "")
    if len(description) <= _AT_ONCE:
        return index_of(org_id, title, description, name, company)
    return await asyncio.to_thread(index_of, org_id, title, description, name, company)
