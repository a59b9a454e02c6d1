"""Housekeeping of the search index: tickets of older rules, and those of contacts who are called otherwise now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from opsdash_chassis.database.pools import Connection, Database
from opsdash_chassis.text.folding import folded_name

from opsdash_tickets.indexing import names_repository, repository
from opsdash_tickets.indexing.repository import ChangedContact, IndexedTexts
from opsdash_tickets.tickets.index_model import index_of

BATCH: Final = 50
CONTACTS_AT_ONCE: Final = 50
NAMES_AT_ONCE: Final = 500
PAUSE_SECONDS: Final = 0.05  # after each batch: what people ask for goes first
#: Longer than a transaction may be idle: by then whoever read the older name has stored it.
SETTLED_SECONDS: Final = 12.0


async def index_outdated(database: Database) -> int:
    """Index what older rules have indexed, batch by batch; returns how many tickets."""
    done, found = 0, BATCH
    while found == BATCH:
        async with database.worker_transaction() as connection:
            tickets = await repository.outdated(connection, BATCH)
            await repository.store(connection, await _indexed(tickets))
        found = len(tickets)
        done += found
        await asyncio.sleep(PAUSE_SECONDS)
    return done


async def index_changed_contacts(database: Database, *, settled_seconds: float = SETTLED_SECONDS) -> int:
    """Index the tickets of whose name, address or company has changed; returns how many tickets."""
    done = 0
    while True:
        async with database.worker_transaction() as connection:
            contacts = await repository.next_contacts(connection, CONTACTS_AT_ONCE, settled_seconds=settled_seconds)
            if not contacts:
                return done
            done += await _index_tickets_of(connection, contacts)
        await asyncio.sleep(PAUSE_SECONDS)


async def _index_tickets_of(connection: Connection, contacts: Sequence[ChangedContact]) -> int:
    """A batch of them at most; the contacts whose tickets are left stay in the queue."""
    done = 0
    for contact in contacts:
        left = BATCH - done
        tickets = await repository.of_contact(connection, contact, left)
        if tickets:
            await repository.store(connection, await _indexed(tickets))
        await repository.advance(connection, contact, tickets[-1].id if len(tickets) == left else None)
        done += len(tickets)
        if done == BATCH:
            break
    return done


async def fold_names(database: Database) -> int:
    """Fold the names that pickers look through; returns how many."""
    done = 0
    while True:
        async with database.worker_transaction() as connection:
            names = await names_repository.unfolded(connection, NAMES_AT_ONCE)
            await names_repository.store(connection, [(name, folded_name(name.name)) for name in names])
        if not names:
            return done
        done += len(names)
        await asyncio.sleep(PAUSE_SECONDS)


async def _indexed(tickets: Sequence[IndexedTexts]) -> list[tuple[IndexedTexts, str]]:
    """Beside the event loop, which a batch of long texts would hold up."""
    return await asyncio.to_thread(lambda: [(ticket, _index_of(ticket)) for ticket in tickets])


def _index_of(ticket: IndexedTexts) -> str:
    contact = f"{ticket.contact or ''} {ticket.email or ''}"
    return index_of(ticket.org_id, ticket.title, ticket.description, contact, ticket.company or "")
