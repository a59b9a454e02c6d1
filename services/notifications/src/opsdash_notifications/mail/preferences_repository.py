"""SQL of what people said about their mails. It belongs to a person: row-level security is keyed on the user."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

import msgspec
from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row
from opsdash_chassis.database.row import Row
from opsdash_contracts.notices import Reason

from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.mail.model import MailPreferences
from opsdash_notifications.mail.quiet_hours import QuietHours

# What the release before wrote, during an upgrade or after going back, counts: it knows `language` alone.
_READ = f"""
SELECT turned, delay_seconds, quiet_begins, quiet_ends, quiet_zone, urgent_through, muted_until,
    CASE WHEN language = coalesce(chosen_language, '{DEFAULT_LANGUAGE}') THEN chosen_language ELSE language END
        AS language,
    digest_hour, digest_zone, version
FROM mail_preferences WHERE user_id = $1
"""  # noqa: S608 - our own text
_OPEN_USER = "SELECT set_config('app.user_id', $1, true)"
_LOCK = f"{_READ} FOR UPDATE"
# A digest whose hour was over when it was set begins on the next day.
_SAVE = f"""
INSERT INTO mail_preferences AS known (
    user_id, turned, delay_seconds, quiet_begins, quiet_ends, quiet_zone, urgent_through, muted_until,
    chosen_language, digest_hour, digest_zone, version, language, digest_set_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($9, '{DEFAULT_LANGUAGE}'), now())
ON CONFLICT (user_id) DO UPDATE SET
    turned = excluded.turned, delay_seconds = excluded.delay_seconds, quiet_begins = excluded.quiet_begins,
    quiet_ends = excluded.quiet_ends, quiet_zone = excluded.quiet_zone, urgent_through = excluded.urgent_through,
    muted_until = excluded.muted_until, chosen_language = excluded.chosen_language, language = excluded.language,
    digest_hour = excluded.digest_hour, digest_zone = excluded.digest_zone, version = excluded.version,
    digest_set_at = CASE
        WHEN (known.digest_hour, known.digest_zone) IS DISTINCT FROM (excluded.digest_hour, excluded.digest_zone)
        THEN now() ELSE known.digest_set_at END
"""  # noqa: S608 - our own text
# In one statement, so that a link works whatever else the person changes meanwhile.
_TURN_OFF = """
INSERT INTO mail_preferences AS known (user_id, turned) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE
SET turned = known.turned || excluded.turned, version = known.version + 1,
    digest_hour = CASE WHEN $3 THEN NULL ELSE known.digest_hour END
"""


class StoredPreferences(Row, frozen=True):
    """As they are stored; `turned` is a JSON object of reasons that were turned on or off."""

    turned: str = "{}"
    delay_seconds: int = 60
    quiet_begins: time | None = None
    quiet_ends: time | None = None
    quiet_zone: str | None = None
    urgent_through: bool = True
    muted_until: datetime | None = None
    language: str | None = None
    digest_hour: int | None = None
    digest_zone: str | None = None
    version: int = 0

    def to_model(self) -> MailPreferences:
        """A reason that this release does not know is left out."""
        turned = msgspec.json.decode(self.turned, type=dict[str, bool])
        return MailPreferences(
            turned={Reason(name): on for name, on in turned.items() if name in set(Reason)},
            delay=timedelta(seconds=self.delay_seconds),
            quiet=self._quiet(),
            urgent_through=self.urgent_through,
            muted_until=self.muted_until,
            language=self.language,
        )

    def _quiet(self) -> QuietHours | None:
        if self.quiet_begins is None or self.quiet_ends is None or self.quiet_zone is None:
            return None
        return QuietHours(self.quiet_begins, self.quiet_ends, self.quiet_zone)


async def open_user(connection: Connection, user_id: UUID) -> None:
    """Until the transaction ends, row-level security shows this user's preferences and nobody else's."""
    await connection.execute(_OPEN_USER, str(user_id))


async def read(connection: Connection, user_id: UUID) -> StoredPreferences:
    """The defaults until a person changes one; version 0 is that."""
    return to_row(StoredPreferences, await connection.fetchrow(_READ, user_id)) or StoredPreferences()


async def lock(connection: Connection, user_id: UUID) -> StoredPreferences:
    return to_row(StoredPreferences, await connection.fetchrow(_LOCK, user_id)) or StoredPreferences()


async def save(connection: Connection, user_id: UUID, stored: StoredPreferences) -> None:
    await connection.execute(_SAVE, user_id, *(getattr(stored, name) for name in StoredPreferences.__struct_fields__))


async def turn_off(connection: Connection, user_id: UUID, reasons: frozenset[Reason], *, digest: bool) -> None:
    """The mails of these reasons, or the daily one."""
    turned = msgspec.json.encode({str(reason): False for reason in sorted(reasons)}).decode()
    await connection.execute(_TURN_OFF, user_id, turned, digest)
