"""Load the demo through the public APIs: the workspace on every start, tickets and comments only where none are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from opsdash_local.demo.comments import DemoComment
from opsdash_local.demo.gateway import GatewayRefusedError
from opsdash_local.demo.names import ORGS
from opsdash_local.demo.tickets import COUNTS, DemoTicket, tickets
from opsdash_local.demo.workspace import lines, user_id

CONCURRENCY = 8
PAGE = 100  # more than any org of the demo has
DIRECTORY_TIMEOUT_SECONDS = 60.0
# 400: the contact, project or assignee a ticket names has not arrived, though its org and author have.
NOT_THERE_YET = {400, 403, 404, 502, 503, 504}


class Api(Protocol):
    """What the load needs of `demo.gateway.Gateway`."""

    async def sync(self, lines: Iterable[dict[str, Any]], service_token: str) -> dict[str, Any]: ...

    async def as_person(
        self, user_id: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]: ...


class Unfinished:
    """A file that is there while tickets are created, so that a load that was interrupted can be completed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.was_left = path is not None and path.exists()

    @contextmanager
    def mark(self) -> Iterator[None]:
        """Leaves the file when the block fails, or the process does not get to its end."""
        if self._path is not None:
            self._path.touch()
        yield
        if self._path is not None:
            self._path.unlink()


async def load(gateway: Api, workspace_token: str, unfinished: Unfinished) -> str:
    """Returns one line that says what is there now."""
    feed = list(lines())
    await gateway.sync(feed, workspace_token)
    wanted = [ticket for org in COUNTS for ticket in await missing(gateway, org, interrupted=unfinished.was_left)]
    if wanted or unfinished.was_left:
        with unfinished.mark():
            await create_all(gateway, wanted)
    return f"{len(ORGS)} orgs, {len(feed)} directory entries, {len(wanted)} new tickets"


async def missing(gateway: Api, org: str, *, interrupted: bool) -> list[DemoTicket]:
    """All of the org's where it has none; after an interrupted load the rest, and else what is gone was deleted."""
    owner = user_id(next(person for person, role in ORGS[org][2].items() if role == "owner"))
    page = await patiently(gateway, owner, "GET", f"/api/orgs/{org}/tickets?limit={PAGE}")
    titles = {item["title"] for item in page["items"]}
    if titles and not interrupted:
        return []
    return [ticket for ticket in tickets(org) if ticket.body["title"] not in titles]


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
    due = {} if ticket.due_in is None else {"sla_due_at": (datetime.now(UTC) + ticket.due_in).isoformat()}
    created = await patiently(gateway, ticket.author, "POST", path, ticket.body | due)
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
