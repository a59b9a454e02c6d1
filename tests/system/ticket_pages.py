"""Visitors of the console before the real services, and the tickets they look at."""

from __future__ import annotations

from typing import Any

from tests.support.browsing import Visitor
from tests.support.stack import SESSION_SECRET
from tests.support.workspace import OrgFixture
from tests.system.conftest import Door


def visitor(door: Door, role: str, org: OrgFixture | None = None) -> Visitor:
    place = org or door.api.ours
    user = getattr(place, role)
    token = door.api.stack.issuer.authorization(user)["Authorization"].removeprefix("Bearer ")
    return Visitor(door.gateway.url, place.slug, user, token, SESSION_SECRET, name=f"{role} of {place.slug}")


async def new_ticket(door: Door, **fields: Any) -> dict[str, Any]:
    made = await door.as_("member").call("POST", "/api/orgs/ours/tickets", {"title": "A ticket", **fields})
    assert made.status == 201, made.body
    body: dict[str, Any] = made.body
    return body


async def current(door: Door, ticket: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = (await door.as_("owner").call("GET", f"/api/orgs/ours/tickets/{ticket['number']}")).body
    return body


def at(ticket: dict[str, Any], rest: str = "") -> str:
    return f"/support/{ticket['number']}{rest}"
