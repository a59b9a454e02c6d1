"""SQL of indexing: it crosses orgs only to find what is due, and names the org of all it touches."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row
from opsdash_chassis.text import search_index

_TEXTS = """
t.org_id, t.id, t.title, t.description, t.contact_id, c.name AS contact, c.email, o.name AS company
FROM tickets t LEFT JOIN contacts c ON c.org_id = t.org_id AND c.contact_id = t.contact_id
LEFT JOIN companies o ON o.org_id = c.org_id AND o.company_id = c.company_id
"""
# Written for its partial index, which is of the tickets that older rules have indexed. What another process is about to
# index, or somebody to change, is passed over.
_OUTDATED_OF_ANY_ORG = f"""
SELECT {_TEXTS} WHERE t.search_version < {search_index.VERSION} ORDER BY t.org_id, t.id LIMIT $1
FOR NO KEY UPDATE OF t SKIP LOCKED
"""
_OF_CONTACT = f"""
SELECT {_TEXTS} WHERE t.org_id = $1 AND t.contact_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4
"""
# A transaction that has read the older name has ended by then: none may be idle for longer.
_NEXT_CONTACTS_OF_ANY_ORG = """
SELECT org_id, contact_id, indexed_up_to FROM changed_contacts
WHERE changed_at <= now() - make_interval(secs => $1) ORDER BY changed_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_INDEXED_UP_TO = "UPDATE changed_contacts SET indexed_up_to = $3 WHERE org_id = $1 AND contact_id = $2"
_CONTACT_DONE = "DELETE FROM changed_contacts WHERE org_id = $1 AND contact_id = $2"
# What was changed meanwhile was indexed by who changed it.
_STORE = f"""
UPDATE tickets t SET search = made.search::tsvector, search_version = {search_index.VERSION}
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[])
     AS made(org_id, id, title, description, contact_id, search)
WHERE t.org_id = made.org_id AND t.id = made.id AND t.title = made.title AND t.description = made.description
  AND t.contact_id IS NOT DISTINCT FROM made.contact_id
"""  # noqa: S608 - a number


class IndexedTexts(Row, frozen=True):
    """What a ticket is found by; the last three are of whom it is for."""

    org_id: UUID
    id: UUID
    title: str
    description: str
    contact_id: UUID | None
    contact: str | None
    email: str | None
    company: str | None


class ChangedContact(Row, frozen=True):
    """A contact whose tickets are to be indexed anew, from the one after `indexed_up_to`."""

    org_id: UUID
    contact_id: UUID
    indexed_up_to: UUID


async def outdated(connection: Connection, limit: int) -> list[IndexedTexts]:
    """Of any org, locked."""
    return to_rows(IndexedTexts, await connection.fetch(_OUTDATED_OF_ANY_ORG, limit))


async def next_contacts(connection: Connection, limit: int, *, settled_seconds: float) -> list[ChangedContact]:
    """Locked; those that another process has are passed over."""
    return to_rows(ChangedContact, await connection.fetch(_NEXT_CONTACTS_OF_ANY_ORG, settled_seconds, limit))


async def of_contact(connection: Connection, contact: ChangedContact, limit: int) -> list[IndexedTexts]:
    rows = await connection.fetch(_OF_CONTACT, contact.org_id, contact.contact_id, contact.indexed_up_to, limit)
    return to_rows(IndexedTexts, rows)


async def advance(connection: Connection, contact: ChangedContact, last: UUID | None) -> None:
    """Go on behind the ticket `last`; None means that there is none left."""
    if last is None:
        await connection.execute(_CONTACT_DONE, contact.org_id, contact.contact_id)
    else:
        await connection.execute(_INDEXED_UP_TO, contact.org_id, contact.contact_id, last)


async def store(connection: Connection, made: Sequence[tuple[IndexedTexts, str]]) -> None:
    rows = (
        (ticket.org_id, ticket.id, ticket.title, ticket.description, ticket.contact_id, search)
        for ticket, search in made
    )
    if columns := columns_of(rows):
        await connection.execute(_STORE, *columns)
