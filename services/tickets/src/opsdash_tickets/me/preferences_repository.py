"""SQL of the users' preferences. They belong to a person, not to an org: row-level security is keyed on the user."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_only_row, to_row
from opsdash_chassis.database.row import Row

_OPEN_USER = "SELECT set_config('app.user_id', $1, true)"
_READ = "SELECT tour_seen, shortcuts FROM user_preferences WHERE user_id = $1"
_SAVE = """
INSERT INTO user_preferences AS known (user_id, tour_seen, shortcuts)
VALUES ($1, coalesce($2::boolean, false), coalesce($3::boolean, true))
ON CONFLICT (user_id) DO UPDATE SET
    tour_seen = coalesce($2::boolean, known.tour_seen),
    shortcuts = coalesce($3::boolean, known.shortcuts),
    updated_at = now()
RETURNING tour_seen, shortcuts
"""


class UserPreferences(Row, frozen=True):
    """How the console behaves for a person."""

    tour_seen: bool
    shortcuts: bool


async def open_user(connection: Connection, user_id: UUID) -> None:
    """Until the transaction ends, row-level security shows this user's preferences and nobody else's."""
    await connection.execute(_OPEN_USER, str(user_id))


async def read(connection: Connection, user_id: UUID) -> UserPreferences | None:
    return to_row(UserPreferences, await connection.fetchrow(_READ, user_id))


async def save(
    connection: Connection, user_id: UUID, *, tour_seen: bool | None, shortcuts: bool | None
) -> UserPreferences:
    """Change what is given, keep the rest."""
    return to_only_row(UserPreferences, await connection.fetchrow(_SAVE, user_id, tour_seen, shortcuts))
