"""SQL of breaches that last. Every statement names the org, but for the one that looks for what is due in all."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows

from opsdash_notifications.escalation.model import LastingBreach
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.org_settings.model import DEFAULT_ESCALATE_HOURS

_BEGIN = """
INSERT INTO lasting_breaches (org_id, ticket_id, number, event_id, breached_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (org_id, ticket_id) DO UPDATE
SET event_id = excluded.event_id, breached_at = excluded.breached_at
"""
_END = "DELETE FROM lasting_breaches WHERE org_id = $1 AND ticket_id = $2"
# In the order of the key, as all who lock several tickets; what another replica has locked is in its hands.
_TAKE_DUE_OF_ANY_ORG = f"""
WITH due AS (
    SELECT b.org_id, b.ticket_id, b.breached_at + make_interval(hours => h.hours) AS due_at
    FROM lasting_breaches b LEFT JOIN org_settings s ON s.org_id = b.org_id
    CROSS JOIN LATERAL (SELECT coalesce(s.escalate_after_hours, {DEFAULT_ESCALATE_HOURS}) AS hours) h
    WHERE h.hours > 0 AND b.breached_at + make_interval(hours => h.hours) <= now()
    ORDER BY b.org_id, b.ticket_id LIMIT $1 FOR UPDATE OF b SKIP LOCKED
), taken AS (
    DELETE FROM lasting_breaches b USING due WHERE b.org_id = due.org_id AND b.ticket_id = due.ticket_id
    RETURNING b.org_id, b.ticket_id, b.number, b.event_id, due.due_at
)
SELECT org_id, ticket_id, number, event_id, due_at FROM taken ORDER BY org_id, ticket_id
"""  # noqa: S608 - our own number
_PUT_OFF = """
UPDATE lasting_breaches SET breached_at = breached_at + (now() - $3) + $4 WHERE org_id = $1 AND ticket_id = $2
"""


async def begin(connection: Connection, source: Source) -> None:
    """A ticket's newest breach takes the place of one before."""
    values = (source.org_id, source.ticket_id, source.number, source.event_id, source.at)
    await connection.execute(_BEGIN, *values)


async def end(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_END, org_id, ticket_id)


async def take_due(connection: Connection, most: int) -> list[LastingBreach]:
    """Some of those that have lasted long enough in their org; they are forgotten when the transaction commits."""
    return to_rows(LastingBreach, await connection.fetch(_TAKE_DUE_OF_ANY_ORG, most))


async def put_off(connection: Connection, breach: LastingBreach, time: timedelta) -> None:
    """It is due so much later than now."""
    await connection.execute(_PUT_OFF, breach.org_id, breach.ticket_id, breach.due_at, time)
