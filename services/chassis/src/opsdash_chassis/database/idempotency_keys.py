"""A write repeated with the same Idempotency-Key has its effect once and gets its first answer again.

The answer is stored in the transaction of the change: after a crash between commit and answer the retry finds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from opsdash_chassis.database.pools import PRUNED_AT_ONCE, Connection, affected_rows
from opsdash_chassis.database.records import to_row
from opsdash_chassis.database.row import Row
from opsdash_chassis.errors import KeyReused, StillRunning

KEPT_HOURS = 24
MAXIMUM_KEY_LENGTH = 255

# An advisory lock instead of waiting on the unique key: a second request learns at once that the first still runs.
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7))"
_FIND = f"""
SELECT route, request_sha256, status, headers, body FROM idempotency_keys
WHERE org_id = $1 AND user_id = $2 AND route = ANY($3::text[]) AND key = $4
AND stored_at > now() - interval '{KEPT_HOURS} hours'
"""  # noqa: S608 - a constant
_STORE = """
INSERT INTO idempotency_keys (org_id, user_id, route, key, request_sha256, status, headers, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (org_id, user_id, route, key) DO UPDATE
SET request_sha256 = excluded.request_sha256, status = excluded.status, headers = excluded.headers,
    body = excluded.body, stored_at = now()
"""
_PRUNE_OF_ANY_ORG = f"""
DELETE FROM idempotency_keys WHERE ctid IN (
    SELECT ctid FROM idempotency_keys WHERE stored_at < now() - interval '{KEPT_HOURS} hours' LIMIT {PRUNED_AT_ONCE}
)
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Whose key it is, for which route, and what was asked.

    `route` is the method and the path's template; `digests` by route is what a stored request may be known by: this
    route's own, and the path as called with its body alone, which processes of the release before store.
    """

    org_id: UUID
    user_id: UUID
    route: str
    key: str
    digests: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer: status, the headers that belong to it, and its exact bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Stored(Row, frozen=True):
    """An answer as it is stored."""

    route: str
    request_sha256: bytes
    status: int
    headers: str
    body: bytes


async def first_answer(connection: Connection, key: IdempotencyKey) -> StoredAnswer | None:
    """The stored answer, or None when this request is the first; it then holds the key until its transaction ends.

    Raises StillRunning or KeyReused.
    """
    name = f"{key.org_id}|{key.user_id}|{key.route}|{key.key}"
    if not await connection.fetchval(_TRY_LOCK, name):
        raise StillRunning
    stored = to_row(_Stored, await connection.fetchrow(_FIND, key.org_id, key.user_id, list(key.digests), key.key))
    if stored is None:
        return None
    if stored.request_sha256 != key.digests[stored.route]:
        raise KeyReused
    return StoredAnswer(stored.status, json.loads(stored.headers), stored.body)


async def store(connection: Connection, key: IdempotencyKey, answer: StoredAnswer) -> None:
    """Remember the answer in the transaction of the change."""
    await connection.execute(
        _STORE,
        key.org_id,
        key.user_id,
        key.route,
        key.key,
        key.digests[key.route],
        answer.status,
        json.dumps(answer.headers),
        answer.body,
    )


async def prune(connection: Connection) -> int:
    """Forget some of the keys older than a day; how many."""
    return affected_rows(await connection.execute(_PRUNE_OF_ANY_ORG))
