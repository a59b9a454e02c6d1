"""Names of people whom another service knows by id, of the tickets service's replica of the directory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import unavailable

from opsdash_gateway.upstream.client import UpstreamClient


class KnownPerson(msgspec.Struct, frozen=True):
    """A member of the org, or somebody who was one."""

    id: UUID
    name: str
    active: bool


class _People(msgspec.Struct):
    people: list[KnownPerson]


@dataclass(frozen=True)
class PeopleClient:
    """Asks with the gateway's own token. Raises a 503 problem when the tickets service does not answer as it should."""

    tickets: UpstreamClient
    token: str

    async def named(self, org_id: UUID, ids: Collection[UUID]) -> list[KnownPerson]:
        """Those whom the org has or had."""
        if not ids:
            return []
        answer = await self.tickets.forward(
            "POST",
            f"/internal/orgs/{org_id}/people",
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
            body=msgspec.json.encode({"ids": sorted(ids)}),
        )
        if answer.status != HTTPStatus.OK:
            raise unavailable("The tickets service does not tell names.", 5)
        return msgspec.json.decode(answer.body, type=_People).people
