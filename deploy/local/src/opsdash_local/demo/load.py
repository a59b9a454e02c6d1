"""Load the demo through the public APIs: the workspace on every start, tickets and comments only where none are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from opsdash_local.demo.comments import DemoComment
from opsdash_local.demo.gateway import GatewayRefusedError
from opsdash_local.demo.names import ORGS
from opsdash_local.demo.tickets import COUNTS, DemoTicket, tickets
from opsdash_local.demo.workspace import lines, user_id

CONCURRENCY = 8
DIRECTORY_TIMEOUT_SECONDS = 60.0
# 400: the contact, project or assignee a ticket names has not arrived, though its org and author have.
NOT_THERE_YET = {400, 403, 404, 502, 503, 504}


class Api(Protocol):
    """What the load needs of `demo.gateway.Gateway`."""

    async def sync(self, lines: Iterable[dict[str, Any]], service_token: str) -> dict[str, Any]: ...

    async def as_person(
        self, user_id: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]: ...


async def load(gateway: Api, workspace_token: str) -> str:
    """Returns one line that says what is there now."""
    feed = list(lines())
    await gateway.sync(feed, workspace_token)
    created = [await load_org(gateway, org) for org in COUNTS]
    return f"{len(ORGS)} orgs, {len(feed)} directory entries, {sum(created)} new tickets"


async def load_org(gateway: Api, org: str) -> int:
    """Number of tickets created; none when the org has some already."""
    if await has_tickets(gateway, org):
        return 0
    wanted = tickets(org, datetime.now(UTC))
    await create_all(gateway, wanted)
    return len(wanted)


async def has_tickets(gateway: Api, org: str) -> bool:
    owner = user_id(next(person for person, role in ORGS[org][2].items() if role == "owner"))
    page = await patiently(gateway, owner, "GET", f"/api/orgs/{org}/tickets?limit=1")
    return bool(page["items"])


async def patiently(
    gateway: Api, person: str, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Waits for the directory to reach the service that is asked; its entries do not come all at once."""
    deadline = time.monotonic() + DIRECTORY_TIMEOUT_SECONDS
    while True:
        try:
            return await gateway.as_person(person, method, path, body)
        except GatewayRefusedError as error:
            if error.status not in NOT_THERE_YET or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.25)


async def create_all(gateway: Api, wanted: Sequence[DemoTicket]) -> None:
    """A few at a time, started in order, so that the numbers roughly follow it."""
    limit = asyncio.Semaphore(CONCURRENCY)

    async def create(ticket: DemoTicket) -> None:
        async with limit:
            await create_one(gateway, ticket)

    async with asyncio.TaskGroup() as group:
        for ticket in wanted:
            group.create_task(create(ticket))


async def create_one(gateway: Api, ticket: DemoTicket) -> None:
    path = f"/api/orgs/{ticket.org}/tickets"
    created = await patiently(gateway, ticket.author, "POST", path, ticket.body)
    for person, change in ticket.changes:
        await patiently(gateway, person, "PATCH", f"{path}/{created['id']}", change)
    await comment_on(gateway, f"{path}/{created['id']}/comments", ticket.comments)


async def comment_on(gateway: Api, path: str, comments: Sequence[DemoComment]) -> None:
    """One after the other: replies need the comment they answer."""
    written: list[str] = []
    for comment in comments:
        body: dict[str, Any] = {"body": comment.body, "mentions": list(comment.mentions)}
        if comment.reply_to is not None:
            body["parent_id"] = written[comment.reply_to]
        made = await patiently(gateway, comment.author, "POST", path, body)
        written.append(made["id"])
        if comment.later is not None:
            await patiently(gateway, comment.author, "PATCH", f"{path}/{made['id']}", {"body": comment.later})
