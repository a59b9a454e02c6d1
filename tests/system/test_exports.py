"""Many exports at once: what one person and one org get, and that nobody else waits for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import asyncpg
import pytest

from tests.support.measurements import eventually
from tests.support.workspace import OrgFixture
from tests.system.conftest import Door

BUSY = OrgFixture("busy")
TICKETS = 3000
EXPORT = "/api/orgs/busy/tickets.csv"
_MANY = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version)
SELECT $1, gen_random_uuid(), n, repeat('long title ', 18), '', 'open', 'low', 'general', $2, now(), now(), 1
FROM generate_series(1, $3::int) n
"""


@pytest.fixture(scope="module")
async def busy(door: Door) -> Door:
    """The door, and an org with many tickets behind it."""
    await door.api.new_org(BUSY)
    connection = await asyncpg.connect(door.api.stack.database.worker_url)
    await connection.execute(_MANY, BUSY.id, BUSY.owner, TICKETS)
    await connection.close()
    return door


async def at_once(door: Door, *roles: str) -> Counter[int]:
    """The statuses of exports that begin together, and are whole when they are 200."""
    answers = await asyncio.gather(*(door.as_(role, BUSY).call("GET", EXPORT) for role in roles))
    for answer in answers:
        if answer.status == 200:
            assert answer.body.count("\r\n") == TICKETS + 1
        else:
            assert answer.body["type"] == "/problems/too-many-requests"
            assert int(answer.headers["Retry-After"]) >= 1
    return Counter(answer.status for answer in answers)


async def test_of_twenty_exports_of_one_viewer_some_are_refused_and_other_tenants_are_served(busy: Door) -> None:
    other, served = busy.as_("member", busy.api.foreign), list[Any]()
    exports = asyncio.create_task(at_once(busy, *["viewer"] * 20))
    while not exports.done():
        served.append(await other.call("GET", "/api/orgs/foreign/tickets?limit=1"))
        await asyncio.sleep(0.02)  # one after the other they would be more than one person may send
    statuses = await exports
    assert set(statuses) == {200, 429}
    assert {answer.status for answer in served} == {200}


async def test_the_seats_are_free_again_afterwards(busy: Door) -> None:
    async def export() -> int:
        return (await busy.as_("viewer", BUSY).call("GET", EXPORT)).status

    for _ in range(6):
        assert await eventually(export, lambda status: status == 200) == 200


async def test_an_export_of_one_page_needs_no_seat(busy: Door) -> None:
    viewer = busy.as_("viewer", BUSY)
    answers = await asyncio.gather(*(viewer.call("GET", f"{EXPORT}?q=%23{number}") for number in range(1, 21)))
    assert {(answer.status, answer.body.count("\r\n")) for answer in answers} == {(200, 2)}
