"""SQL of what this service knows of tickets: snapshots by event or by request; the newest version wins.

Every statement names the org; row-level security stands underneath.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_comments.threads.model import Thread, TicketSnapshot

_THREAD = """
SELECT org_id, ticket_id, deleted_at IS NULL AS not_deleted, last_sequence, last_comment_at FROM threads
WHERE org_id = $1 AND {reference} = $2 {lock}
"""
_THREADS = {
    (kind, locked): _THREAD.format(reference=reference, lock="FOR UPDATE" if locked else "")
    for kind, reference in ((UUID, "ticket_id"), (int, "number"))
    for locked in (False, True)
}
# Whoever learns of a new ticket in the same moment waits here: an upsert looks for conflicts of one key only, and of
# two that run at once one may fail at the other key, the number. In the order of the key, so that two who learn of the
# same tickets cannot lock each other out.
_MEET_ALL = """
INSERT INTO threads (org_id, ticket_id, number, ticket_version, deleted_at, purged_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
ORDER BY 1, 2, 4
ON CONFLICT DO NOTHING RETURNING ticket_id, ticket_version
"""
_UPSERT = """
INSERT INTO threads (org_id, ticket_id, number, ticket_version, deleted_at, purged_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org_id, ticket_id) DO UPDATE
SET ticket_version = excluded.ticket_version, deleted_at = excluded.deleted_at, purged_at = excluded.purged_at
WHERE excluded.ticket_version > threads.ticket_version AND threads.purged_at IS NULL
RETURNING true
"""
_EMPTY_COMMENTS = """
UPDATE comments SET body = '', body_html = '', mentions = '{}', search = '' WHERE org_id = $1 AND ticket_id = $2
"""
_EMPTY_REVISIONS = """
DELETE FROM revisions r USING comments c
WHERE c.org_id = $1 AND r.org_id = c.org_id AND c.id = r.comment_id AND c.ticket_id = $2
"""
_FIELDS = tuple(field.name for field in fields(TicketSnapshot))


async def thread(reader: TenantReader, reference: UUID | int, *, lock: bool) -> Thread | None:
    """What is known of a ticket, read on opening its org.

    Locked, its comments are written one after the other until the transaction ends.
    """
    rows = await reader.fetch(Thread, _THREADS[type(reference), lock], reference)
    return rows[0] if rows else None


async def upsert_tickets(connection: Connection, snapshots: Sequence[TicketSnapshot]) -> list[TicketSnapshot]:
    """Store each snapshot unless a newer one is known; those stored. A purge is final and takes the text along."""
    columns = ([getattr(snapshot, name) for snapshot in snapshots] for name in _FIELDS)
    met = {tuple(row) for row in await connection.fetch(_MEET_ALL, *columns)}
    stored = []
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.version):
        if (snapshot.ticket_id, snapshot.version) in met or await _is_newer(connection, snapshot):
            stored.append(snapshot)
            if snapshot.purged_at is not None:
                await connection.execute(_EMPTY_REVISIONS, snapshot.org_id, snapshot.ticket_id)
                await connection.execute(_EMPTY_COMMENTS, snapshot.org_id, snapshot.ticket_id)
    return stored


async def _is_newer(connection: Connection, snapshot: TicketSnapshot) -> bool:
    """Whether the snapshot has taken the place of what was known of its ticket."""
    return bool(await connection.fetchval(_UPSERT, *(getattr(snapshot, name) for name in _FIELDS)))
