"""How the console behaves for a person, whatever the org."""

from __future__ import annotations

from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET
from opsdash_chassis.database.pools import Database
from opsdash_http.security.tokens import Caller

from opsdash_tickets.me import preferences_repository
from opsdash_tickets.me.preferences_repository import UserPreferences
from opsdash_tickets.me.schemas import PatchPreferences, Preferences

PATH = "/me/preferences"


@get(PATH, operation_id="getPreferences", tags=["me"])
async def get_preferences(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> Preferences:
    """The caller's own preferences; the defaults until they change one."""
    async with database.tenant_transaction() as connection:
        await preferences_repository.open_user(connection, caller.user_id)
        saved = await preferences_repository.read(connection, caller.user_id)
    return Preferences() if saved is None else _body(saved)


@patch(PATH, operation_id="patchPreferences", tags=["me"])
async def patch_preferences(
    data: JSONBody[PatchPreferences], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Preferences:
    """Change some of them."""
    async with database.tenant_transaction() as connection:
        await preferences_repository.open_user(connection, caller.user_id)
        saved = await preferences_repository.save(
            connection,
            caller.user_id,
            tour_seen=None if data.tour_seen is UNSET else data.tour_seen,
            shortcuts=None if data.shortcuts is UNSET else data.shortcuts,
        )
    return _body(saved)


def _body(saved: UserPreferences) -> Preferences:
    return Preferences(tour_seen=saved.tour_seen, shortcuts=saved.shortcuts)


ROUTES = [get_preferences, patch_preferences]
