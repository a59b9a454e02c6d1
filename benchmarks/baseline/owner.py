"""The bare owner: Litestar, asyncpg and the rows. No users, tenants, metrics or events: what to compare with."""

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

from benchmarks.baseline import statements
from benchmarks.baseline.server import serve
from benchmarks.workspace import BARE, LARGE, USER

POOL_SIZE = 10  # the services' own default


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

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        async with (
            asyncpg.create_pool(self._urls[0], min_size=0, max_size=POOL_SIZE) as self.tickets,
            asyncpg.create_pool(self._urls[1], min_size=0, max_size=POOL_SIZE) as self.comments,
        ):
            last = await self.tickets.fetchval(statements.LAST_NUMBER, BARE.id)
            self._numbers = itertools.count(last + 1)
            yield

    async def page(self, query: dict[str, str]) -> bytes:
        limit = int(query.get("limit", "25"))
        if "q" in query:
            rows = await self.tickets.fetch(statements.SEARCH, LARGE.id, query["q"], limit)
        elif "status" in query:
            wanted = (LARGE.id, query["status"].split(","), query["priority"].split(","), limit)
            rows = await self.tickets.fetch(statements.FILTERED, *wanted)
        else:
            rows = await self.tickets.fetch(statements.LIST, LARGE.id, limit)
        return msgspec.json.encode({"items": [dict(row) for row in rows]})

    async def detail(self, number: int) -> bytes:
        ticket = await self.tickets.fetchrow(statements.DETAIL, LARGE.id, number)
        assert ticket is not None  # noqa: S101 - the bench asks for what is there
        comments = await self.comments.fetch(statements.COMMENTS, LARGE.id, ticket["id"])
        return msgspec.json.encode({**dict(ticket), "comments": [dict(row) for row in comments]})

    async def create(self, new: NewTicket) -> bytes:
        due = datetime.now(UTC) + timedelta(hours=72)
        values = (BARE.id, uuid_utils.uuid7(), next(self._numbers), new.title, new.description, due, USER)
        return msgspec.json.encode(dict(await self.tickets.fetchrow(statements.CREATE, *values) or {}))

    async def comment(self, ticket_id: UUID, new: NewComment) -> bytes:
        values = (LARGE.id, uuid_utils.uuid7(), ticket_id, USER, new.body)
        return msgspec.json.encode(dict(await self.comments.fetchrow(statements.COMMENT, *values) or {}))


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
