"""SQL of inboxes: one row for each person and ticket, or org. Every statement names the org.

A row gets a new id with each notice, so ids grow with time: whoever has seen an id has seen what came until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.pools import PRUNED_AT_ONCE, Connection, affected_rows, columns_of
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row
from opsdash_contracts.notices import Reason

from opsdash_notifications.inbox.filters import RowFilter
from opsdash_notifications.inbox.model import RowState
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.recipients.model import Occasion

_COLUMNS = """
r.id, r.subject_id, r.number, r.reason, r.reasons, r.count, r.actor_id, r.state, r.first_unread_at, r.updated_at,
r.note, r.version
"""
# Of what was read, or put away, counting begins anew. In the order of the key, so that two who tell the same people
# cannot lock each other out.
_NOTIFY = """
INSERT INTO inbox_rows AS r (org_id, user_id, subject_id, id, number, reason, reasons, count, actor_id, state,
                             first_unread_at, updated_at, note, version)
SELECT $1, user_id, $2, id, $3, reason, jsonb_build_object(reason, 1), 1, $4, 'unread', $5, $5, $6, 1
FROM unnest($7::uuid[], $8::uuid[], $9::text[]) AS told(user_id, id, reason) ORDER BY user_id
ON CONFLICT (org_id, user_id, subject_id) DO UPDATE
SET id = excluded.id, reason = excluded.reason, actor_id = excluded.actor_id, state = 'unread',
    updated_at = excluded.updated_at, version = r.version + 1,
    note = CASE WHEN r.state = 'unread' THEN coalesce(excluded.note, r.note) ELSE excluded.note END,
    count = CASE WHEN r.state = 'unread' THEN r.count + 1 ELSE 1 END,
    first_unread_at = CASE WHEN r.state = 'unread' THEN r.first_unread_at ELSE excluded.first_unread_at END,
    reasons = CASE
        WHEN r.state = 'unread' THEN r.reasons
            || jsonb_build_object(excluded.reason, coalesce((r.reasons ->> excluded.reason)::int, 0) + 1)
        ELSE excluded.reasons END
"""
# What is deleted can no longer be seen; it comes back with its ticket.
_VISIBLE = """
(r.number IS NULL OR NOT EXISTS (
    SELECT FROM known_tickets t WHERE t.org_id = $1 AND t.ticket_id = r.subject_id AND t.deleted_at IS NOT NULL
))
"""
_PAGE = f"""
SELECT {_COLUMNS} FROM inbox_rows r
WHERE r.org_id = $1 AND r.user_id = $2 AND ($3::text IS NULL OR r.state = $3)
  AND ($4::text IS NULL OR r.reasons ? $4) AND ($5::uuid IS NULL OR r.id < $5) AND {_VISIBLE}
ORDER BY r.id DESC LIMIT $6
"""  # noqa: S608 - our own texts
_LOCK = f"""
SELECT {_COLUMNS} FROM inbox_rows r WHERE r.org_id = $1 AND r.user_id = $2 AND r.id = $3 AND {_VISIBLE} FOR UPDATE OF r
"""  # noqa: S608 - our own texts
_SET_STATE = """
UPDATE inbox_rows SET state = $4, version = version + 1,
       first_unread_at = CASE WHEN $4 = 'unread' THEN $5 ELSE first_unread_at END
WHERE org_id = $1 AND user_id = $2 AND id = $3
"""
_READ_UP_TO = """
UPDATE inbox_rows r SET state = 'read', version = r.version + 1
FROM (
    SELECT subject_id FROM inbox_rows WHERE org_id = $1 AND user_id = $2 AND state = 'unread' AND id <= $3
    ORDER BY subject_id FOR UPDATE
) seen
WHERE r.org_id = $1 AND r.user_id = $2 AND r.subject_id = seen.subject_id
RETURNING true
"""
_SEEN = """
UPDATE inbox_rows SET state = 'read', version = version + 1
WHERE org_id = $1 AND user_id = $2 AND subject_id = $3 AND state = 'unread'
"""
_UNREAD = f"""
SELECT count(*) FROM inbox_rows r WHERE r.org_id = $1 AND r.user_id = $2 AND r.state = 'unread' AND {_VISIBLE}
"""  # noqa: S608 - our own texts
_UNREAD_BY_ORG = "SELECT org_id AS id, slug, unread FROM inbox_unread($1)"
_FORGET_TICKET = "DELETE FROM inbox_rows WHERE org_id = $1 AND subject_id = $2"
_FORGET_PERSON = "DELETE FROM inbox_rows WHERE org_id = $1 AND user_id = $2"
_PRUNE_OF_ANY_ORG = """
DELETE FROM inbox_rows WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM inbox_rows WHERE updated_at < now() - make_interval(days => $1) LIMIT $2
))
"""


class InboxRow(Row, frozen=True):
    """What a person was told of one ticket, or of the org where `number` is None; `reasons` is JSON."""

    id: UUID
    subject_id: UUID
    number: int | None
    reason: str
    reasons: str
    count: int
    actor_id: UUID | None
    state: str
    first_unread_at: datetime
    updated_at: datetime
    note: str | None
    version: int


class UnreadInOrg(Row, frozen=True):
    id: UUID
    slug: str
    unread: int


async def notify(
    connection: Connection,
    source: Source,
    people: Sequence[tuple[UUID, Reason]],
    occasion: Occasion,
    now: datetime,
) -> None:
    """Put it into the inbox of each of these people, unread."""
    rows = [(user_id, uuid_utils.uuid7(), reason) for user_id, reason in people]
    about = (source.org_id, source.subject_id, source.number, occasion.actor_id, now, occasion.note)
    await connection.execute(_NOTIFY, *about, *columns_of(rows))


async def page(
    connection: Connection, org_id: UUID, user_id: UUID, wanted: RowFilter, *, before: UUID | None, limit: int
) -> list[InboxRow]:
    """Newest first."""
    rows = await connection.fetch(_PAGE, org_id, user_id, wanted.state, wanted.reason, before, limit)
    return to_rows(InboxRow, rows)


async def lock(connection: Connection, org_id: UUID, user_id: UUID, row_id: UUID) -> InboxRow | None:
    """A person's own row, until the transaction ends."""
    return to_row(InboxRow, await connection.fetchrow(_LOCK, org_id, user_id, row_id))


async def set_state(
    connection: Connection, org_id: UUID, user_id: UUID, row_id: UUID, state: RowState, now: datetime
) -> None:
    await connection.execute(_SET_STATE, org_id, user_id, row_id, state, now)


async def read_up_to(connection: Connection, org_id: UUID, user_id: UUID, row_id: UUID) -> int:
    """Mark what was unread when this row was the newest; how many that were."""
    return len(await connection.fetch(_READ_UP_TO, org_id, user_id, row_id))


async def seen(connection: Connection, org_id: UUID, user_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_SEEN, org_id, user_id, ticket_id)


async def unread(connection: Connection, org_id: UUID, user_id: UUID) -> int:
    count: int = await connection.fetchval(_UNREAD, org_id, user_id)
    return count


async def unread_by_org(connection: Connection, user_id: UUID) -> list[UnreadInOrg]:
    """In every org with Support that the person is a member of."""
    return to_rows(UnreadInOrg, await connection.fetch(_UNREAD_BY_ORG, user_id))


async def forget_ticket(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_FORGET_TICKET, org_id, ticket_id)


async def forget_person(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    await connection.execute(_FORGET_PERSON, org_id, user_id)


async def prune(connection: Connection, *, days: int) -> int:
    """Delete old rows, so many at once; how many."""
    return affected_rows(await connection.execute(_PRUNE_OF_ANY_ORG, days, PRUNED_AT_ONCE))
