"""Searches tickets by their own words and by those of their comments, asked side by side.

Without the comments service there is a narrower answer, which says so. Each owner decides by the caller's token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import Problem

from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Upstreams

COMMENTS_SECONDS: Final = 0.8
#: The header by which the tickets service is told.
COMMENTED_TICKETS: Final = "opsdash-commented-tickets"
_NARROWED: Final = msgspec.Raw(b'["comments"]')


class _Ticket(msgspec.Struct):
    id: UUID
    words: int


class _Commented(msgspec.Struct):
    tickets: list[_Ticket]
    more: bool


async def list_tickets(upstreams: Upstreams, org: str, query: bytes, headers: Mapping[str, str]) -> Answer:
    """A page of the tickets of the org at the path `org`. Raises a problem when the tickets service is away."""
    path, words = f"{org}/tickets", _words(query)
    if words is None:
        return await upstreams.tickets.forward("GET", path, query=query, headers=headers)
    looking = asyncio.create_task(_commented(upstreams, org, words, headers))
    try:
        page = await upstreams.tickets.forward("GET", path, query=query, headers=headers)
        if page.status != HTTPStatus.OK:
            return page
        commented = await looking
    finally:
        looking.cancel()
    if commented is None:
        return _narrowed(page)
    if commented.tickets:
        own = {COMMENTED_TICKETS: ",".join(f"{one.id}:{one.words}" for one in commented.tickets)}
        wider = await _page_or_none(upstreams, path, query, headers, own)
        if wider is None:
            return _narrowed(page)
        page = wider
    return _narrowed(page) if commented.more else page


async def _page_or_none(
    upstreams: Upstreams, path: str, query: bytes, headers: Mapping[str, str], own: Mapping[str, str]
) -> Answer | None:
    """None when there is no such answer: the narrower one, total included, is better than none."""
    try:
        page = await upstreams.tickets.forward("GET", path, query=query, headers=headers, own=own)
    except Problem:
        return None
    return page if page.status == HTTPStatus.OK else None


def _narrowed(page: Answer) -> Answer:
    fields = msgspec.json.decode(page.body, type=dict[str, msgspec.Raw])
    return replace(page, body=msgspec.json.encode(fields | {"narrowed": _NARROWED}))


def _words(query: bytes) -> str | None:
    """Of the query string; None when nothing is looked for that comments could have."""
    given = parse_qs(query.decode("ascii", "replace")).get("q", [""])
    words = given[-1].strip()
    return words if words and not words.startswith("#") else None


async def _commented(upstreams: Upstreams, org: str, words: str, headers: Mapping[str, str]) -> _Commented | None:
    """None when there is no answer in time, or none of ours."""
    query = urlencode({"q": words}).encode()
    try:
        answer = await upstreams.comments.forward(
            "GET", f"{org}/commented-tickets", query=query, headers=headers, seconds=COMMENTS_SECONDS
        )
        return msgspec.json.decode(answer.body, type=_Commented) if answer.status == HTTPStatus.OK else None
    except (Problem, msgspec.DecodeError):
        return None
