"""Who may read an org's stream, and how much of their inbox there is unread: the owners of either say so.

Whether they may is asked at the opening of a stream and again while it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import Problem

from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path

TEMPLATE = "/orgs/{slug}/support"
INBOX = "/orgs/{slug}/inbox"
INBOX_SECONDS = 2.0
_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class Unread(msgspec.Struct, frozen=True):
    """The part of an answer about an inbox that matters here."""

    unread: int


class Membership(msgspec.Struct, frozen=True):
    """The part of the upstream's answer that matters here."""

    org_id: UUID
    member_id: UUID


@dataclass(frozen=True)
class Access:
    """One caller's way to ask about one org."""

    upstreams: Upstreams
    slug: str
    headers: Mapping[str, str]

    async def ask(self) -> tuple[Answer, Membership | None]:
        """The upstream's answer, and the membership when it is a yes."""
        answer = await self.upstreams.tickets.forward(
            "GET", upstream_path(TEMPLATE, {"slug": self.slug}), headers=self.headers
        )
        if answer.status != HTTPStatus.OK:
            return answer, None
        return answer, msgspec.json.decode(answer.body, type=Membership)

    async def still_allowed(self) -> bool:
        """An upstream that cannot say keeps the stream open: it tells nothing that they could not read."""
        try:
            answer, _ = await self.ask()
        except Problem:
            return True
        return answer.status not in _REFUSALS

    async def unread(self) -> int | None:
        """How many rows of the caller's inbox in this org are unread; None when the service does not say."""
        path = upstream_path(INBOX, {"slug": self.slug})
        try:
            answer = await self.upstreams.notifications.forward(
                "GET", path, query=b"limit=1", headers=self.headers, seconds=INBOX_SECONDS
            )
            return msgspec.json.decode(answer.body, type=Unread).unread if answer.status == HTTPStatus.OK else None
        except (Problem, msgspec.DecodeError):
            return None
