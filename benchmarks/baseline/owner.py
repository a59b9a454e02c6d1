"""The bare owner: Litestar, asyncpg, the rows and the bodies of the product. No users, tenants, metrics or events.

Names come from a dictionary that is filled at the start.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uuid_utils.compat as uuid_utils
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath
from msgspec import structs
from opsdash_comments.access.policy import Access as CommentAccess
from opsdash_comments.comments.rows import CommentView
from opsdash_comments.comments.schemas import Comment, CommentPage, comment_of
from opsdash_comments.people.model import People, Somebody
from opsdash_contracts.workspace import Plate, Role
from opsdash_tickets.access.policy import Access
from opsdash_tickets.listing.schemas import TicketPage
from opsdash_tickets.names.model import NameIds, Names
from opsdash_tickets.names.repository import NamedRow, add
from opsdash_tickets.tickets import model
from opsdash_tickets.tickets.presenters import ticket_row
from opsdash_tickets.tickets.rows import DetailedTicket, TicketColumns
from opsdash_tickets.tickets.schemas import TicketDetail

from benchmarks.baseline import statements
from benchmarks.baseline.server import serve
from benchmarks.workspace import BARE, LARGE, USER, Org

POOL_SIZE = 10  # the services' own default
AGENT = Access(LARGE.id, LARGE.slug, Plate.AGENCY, Role.OWNER, USER)
COMMENTER = CommentAccess(LARGE.id, LARGE.slug, Plate.AGENCY, Role.OWNER, USER)
CURSOR = "x" * 180  # as long as one of the product's


class NewTicket(msgspec.Struct):
    title: str
    description: str = ""


class NewComment(msgspec.Struct):
    body: str


class Owner:
    """Both databases in one process."""

    def __init__(self, tickets_url: str, comments_url: str) -> None:
        self._urls = (tickets_url, comments_url)
        self.tickets: asyncpg.Pool[asyncpg.Record]
        self.comments: asyncpg.Pool[asyncpg.Record]
        self._numbers = itertools.count(1)
        self._names: dict[UUID, Names] = {}
        self._people = People()

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        async with (
            asyncpg.create_pool(self._urls[0], min_size=0, max_size=POOL_SIZE) as self.tickets,
            asyncpg.create_pool(self._urls[1], min_size=0, max_size=POOL_SIZE) as self.comments,
        ):
            last = await self.tickets.fetchval(statements.LAST_NUMBER, BARE.id)
            self._numbers = itertools.count(last + 1)
            self._names = {org.id: await self._all_names(org.id) for org in (LARGE, BARE)}
            known = self._names[LARGE.id].people
            people = {
                user: Somebody(person.name, person.active, Role.MEMBER)
                for user, person in known.items()
                if user and person
            }
            self._people.add(people, people)
            yield

    async def _all_names(self, org_id: UUID) -> Names:
        names, (people, contacts, projects) = (
            Names(),
            await self.tickets.fetchrow(statements.IDS, org_id) or ((), (), ()),
        )
        rows = await self.tickets.fetch(statements.NAMES, org_id, people, contacts, projects)
        add(names, NameIds({*people}, {*contacts}, {*projects}), [NamedRow(*row) for row in rows])
        return names

    async def page(self, query: dict[str, str]) -> bytes:
        limit = int(query.get("limit", "25"))
        if "q" in query:
            rows = await self.tickets.fetch(statements.SEARCH, LARGE.id, query["q"], limit)
        elif "status" in query:
            wanted = (LARGE.id, query["status"].split(","), query["priority"].split(","), limit)
            rows = await self.tickets.fetch(statements.FILTERED, *wanted)
        else:
            rows = await self.tickets.fetch(statements.LIST, LARGE.id, limit)
        names, now = self._names[LARGE.id], datetime.now(UTC)
        items = [ticket_row(TicketColumns(*row), names, now) for row in rows]
        return msgspec.json.encode(TicketPage(items=items, next_cursor=CURSOR))

    async def detail(self, number: int) -> bytes:
        row = await self.tickets.fetchrow(statements.DETAIL, LARGE.id, number)
        assert row is not None  # noqa: S101 - the bench asks for what is there
        ticket = self._detail(LARGE, row)
        found = await self.comments.fetch(statements.COMMENTS, LARGE.id, ticket.id)
        shown = [self._comment(comment) for comment in found]
        page = CommentPage(items=shown, next_cursor=None, permissions=COMMENTER.permissions)
        return msgspec.json.encode(
            {**structs.asdict(ticket), "comments": {"status": "available", **structs.asdict(page)}}
        )

    async def create(self, new: NewTicket) -> bytes:
        due = datetime.now(UTC) + timedelta(hours=72)
        values = (BARE.id, uuid_utils.uuid7(), next(self._numbers), new.title, new.description, due, USER)
        row = await self.tickets.fetchrow(statements.CREATE, *values)
        assert row is not None  # noqa: S101 - it was just stored
        return msgspec.json.encode(self._detail(BARE, row))

    async def comment(self, ticket_id: UUID, new: NewComment) -> bytes:
        values = (LARGE.id, uuid_utils.uuid7(), ticket_id, USER, new.body)
        row = await self.comments.fetchrow(statements.COMMENT, *values)
        assert row is not None  # noqa: S101 - it was just stored
        return msgspec.json.encode(self._comment(row))

    def _detail(self, org: Org, row: asyncpg.Record) -> TicketDetail:
        ticket, names = DetailedTicket(*row), self._names[org.id]
        shown = ticket_row(ticket, names, datetime.now(UTC))
        return TicketDetail(
            **structs.asdict(shown),
            description=ticket.description,
            description_html=ticket.description_html or "",
            updated_by=names.person(ticket.created_by),
            allowed_statuses=model.allowed_statuses(shown.status),
            permissions=AGENT.permissions,
        )

    def _comment(self, row: asyncpg.Record) -> Comment:
        comment = CommentView(*row)
        return comment_of(comment, comment.body_html or "", self._people, COMMENTER)


def build(owner: Owner) -> Litestar:
    def answer(body: bytes, status: int = 200) -> Response[bytes]:
        return Response(body, status_code=status, media_type="application/json")

    @get("/tickets")
    async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer(await owner.page(dict(request.query_params)))

    @get("/tickets/{number:int}")
    async def detail(number: FromPath[int]) -> Response[bytes]:
        return answer(await owner.detail(number))

    @post("/tickets")
    async def create(data: NewTicket) -> Response[bytes]:
        return answer(await owner.create(data), 201)

    @post("/tickets/{ticket_id:uuid}/comments")
    async def comment(ticket_id: FromPath[UUID], data: NewComment) -> Response[bytes]:
        return answer(await owner.comment(ticket_id, data), 201)

    return Litestar(
        [page, detail, create, comment], lifespan=[owner.lifespan], openapi_config=None, logging_config=None
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tickets", required=True)
    parser.add_argument("--comments", required=True)
    options = parser.parse_args()
    serve(build(Owner(options.tickets, options.comments)), options.port)


if __name__ == "__main__":
    main()
