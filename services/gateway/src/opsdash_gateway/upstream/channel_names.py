"""Names of team channels, as the notifications service says them to whoever asks about a ticket."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import Problem

from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path

#: A name is worth less than the page that it stands on.
SECONDS: Final = 1.0
AT_ONCE: Final = 100


class _Named(msgspec.Struct):
    id: UUID
    name: str


class _Channels(msgspec.Struct):
    items: list[_Named]


async def channel_names(
    upstreams: Upstreams, slug: str, headers: Mapping[str, str], ids: Collection[UUID]
) -> Mapping[UUID, str]:
    """As the caller; those that the service does not say in time are left out."""
    found: dict[UUID, str] = {}
    path = upstream_path("/orgs/{slug}/team-channels", {"slug": slug})
    wanted = sorted(ids)
    for start in range(0, len(wanted), AT_ONCE):
        query = f"id={','.join(map(str, wanted[start : start + AT_ONCE]))}".encode()
        try:
            answer = await upstreams.notifications.forward("GET", path, query=query, headers=headers, seconds=SECONDS)
        except Problem:
            break
        if answer.status == HTTPStatus.OK:
            found |= {each.id: each.name for each in msgspec.json.decode(answer.body, type=_Channels).items}
    return found
