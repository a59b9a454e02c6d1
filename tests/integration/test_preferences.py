"""Preferences of the console: a person's own, in every org; nobody else reaches them, not even by mistake of ours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.integration.stacks import Api

PATH = "/me/preferences"
DEFAULTS = {"tour_seen": False, "shortcuts": True}


async def as_app(api: Api, user: UUID | None, statement: str, *values: Any) -> Any:
    """What the service's own role gets to see and do, with that user entered."""
    connection = await asyncpg.connect(api.stack.database.app_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.user_id', $1, true)", str(user or ""))
            return await connection.fetch(statement, *values)
    finally:
        await connection.close()


class TestPreferences:
    async def test_defaults_until_something_is_changed(self, api: Api):
        answer = await api.as_("viewer").call("GET", PATH)
        assert (answer.status, answer.body) == (200, DEFAULTS)

    async def test_a_change_keeps_the_rest_and_is_the_callers_alone(self, api: Api):
        owner, admin = api.as_("owner"), api.as_("admin")
        assert (await owner.call("PATCH", PATH, {"tour_seen": True})).body == DEFAULTS | {"tour_seen": True}
        assert (await owner.call("PATCH", PATH, {"shortcuts": False})).body == {"tour_seen": True, "shortcuts": False}
        assert (await owner.call("PATCH", PATH, {})).body == {"tour_seen": True, "shortcuts": False}
        assert (await owner.call("GET", PATH)).body == {"tour_seen": True, "shortcuts": False}
        assert (await admin.call("GET", PATH)).body == DEFAULTS

    @pytest.mark.parametrize(
        "body", [{"tour_seen": None}, {"tour_seen": "yes"}, {"theme": "dark"}, {"user_id": str(UUID(int=1))}, []]
    )
    async def test_anything_else_is_refused(self, api: Api, body: Any):
        assert (await api.as_("member").call("PATCH", PATH, body)).status == 400

    async def test_nobody_has_none(self, api: Api):
        assert (await api.stack.client(api.service, None).call("GET", PATH)).status == 401


class TestRowSecurity:
    async def test_the_database_shows_the_entered_user_only(self, api: Api):
        for role in ("owner", "admin"):
            await api.as_(role).call("PATCH", PATH, {"tour_seen": True})
        everything = "SELECT user_id FROM user_preferences"
        assert await as_app(api, None, everything) == []
        assert [row["user_id"] for row in await as_app(api, api.ours.admin, everything)] == [api.ours.admin]

    async def test_it_takes_no_row_of_another(self, api: Api):
        await api.as_("owner").call("PATCH", PATH, {"shortcuts": True})
        change = "UPDATE user_preferences SET shortcuts = false WHERE user_id = $1 RETURNING 1"
        assert await as_app(api, api.ours.admin, change, api.ours.owner) == []
        insert = "INSERT INTO user_preferences VALUES ($1, true, true) RETURNING 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await as_app(api, api.ours.admin, insert, UUID(int=7))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_app(api, api.ours.owner, "DELETE FROM user_preferences RETURNING 1")
