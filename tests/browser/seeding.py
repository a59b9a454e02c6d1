"""The orgs that the tests read: one with a long queue, an empty one, two near and at their cap, one without support."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg
from opsdash_contracts.workspace import Plate

from tests.browser.console import Console
from tests.browser.people import COLLEAGUE, CONTACTS, MEMBER, OWNER, PROJECTS, OrgUnderTest
from tests.support.sla import Seed, insert_tickets

RICH_TICKETS = 64
BREACHED = 4
STATUSES = ("open", "in_progress", "waiting", "resolved", "closed")
ACTIVE = ",".join(STATUSES[:3])
"""What a list without a view shows."""
PRIORITIES = ("urgent", "high", "medium", "low")
CATEGORIES = ("general", "billing", "technical", "account", "feature_request")
SALES_CAP = 500


@dataclass(frozen=True)
class Orgs:
    """`rich` has 64 tickets in all states, the newest of them overdue ones."""

    rich: OrgUnderTest
    empty: OrgUnderTest
    near: OrgUnderTest
    full: OrgUnderTest
    free: OrgUnderTest
    foreign: OrgUnderTest


async def seed(console: Console) -> Orgs:
    rich, foreign = OrgUnderTest("rich"), OrgUnderTest("foreign")
    made = Orgs(
        rich=rich,
        foreign=foreign,
        empty=OrgUnderTest("empty"),
        near=OrgUnderTest("near", Plate.SALES),
        full=OrgUnderTest("full", Plate.SALES),
        free=OrgUnderTest("free", Plate.FREE),
    )
    every = [rich, foreign, made.empty, made.near, made.full, made.free]
    await console.sync([line for org in every for line in org.lines()])
    for org in every[:-1]:
        await console.until_plate(org, org.plate)
        await console.until_known(org)
    await asyncio.gather(fill(console, made.near, SALES_CAP * 8 // 10), fill(console, made.full, SALES_CAP))
    await queue(console, rich)
    return made


async def fill(console: Console, org: OrgUnderTest, count: int) -> None:
    """Hundreds of tickets as the service would have written them, without an event each."""
    connection = await asyncpg.connect(console.databases["tickets"].worker_url)
    try:
        seeds = [Seed(due_in=None) for _ in range(count)]
        await insert_tickets(connection, seeds, org_id=org.id, created_by=OWNER.user_id, publish=False)
    finally:
        await connection.close()


async def queue(console: Console, org: OrgUnderTest) -> None:
    """In order; the last ones are overdue and stay unfinished."""
    for number in range(1, RICH_TICKETS + 1 - BREACHED):
        await console.ticket(org, **_fields(org, number))
    for number in range(BREACHED):
        late = await console.overdue_ticket(org, f"Overdue matter {number + 1}", priority="urgent")
    await console.comment(org, late, "We are on it.", by=COLLEAGUE)


def _fields(org: OrgUnderTest, number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "title": f"Matter number {number:03}",
        "description": f"Details of matter {number}." + (" It concerns the zeppelin." if number % 10 == 0 else ""),
        "status": STATUSES[number % len(STATUSES)],
        "priority": PRIORITIES[number % len(PRIORITIES)],
        "category": CATEGORIES[number % len(CATEGORIES)],
        "contact_id": org.known("contact", CONTACTS[number % len(CONTACTS)]),
    }
    if number % 2:
        fields["assignee_id"] = str((MEMBER if number % 4 == 1 else COLLEAGUE).user_id)
    if number % 3 == 0:
        fields["project_id"] = org.known("project", PROJECTS[number % len(PROJECTS)])
    return fields
