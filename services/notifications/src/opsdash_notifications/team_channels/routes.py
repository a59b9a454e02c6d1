"""The routes of team channels, for owners and admins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_http.openapi.answers import ETAG, LOCATION
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_tenancy.references import object_id

from opsdash_notifications.access.policy import NoticeAction
from opsdash_notifications.errors import NotFound
from opsdash_notifications.ledger import repository as ledger
from opsdash_notifications.team_channels import repository, service
from opsdash_notifications.team_channels.ids import read_ids
from opsdash_notifications.team_channels.schemas import (
    CreateTeamChannel,
    NamedChannel,
    NamedChannels,
    PatchTeamChannel,
    TeamChannel,
    TeamChannelPage,
    channel_of,
)
from opsdash_notifications.team_channels.setup import ChannelSetup
from opsdash_notifications.tickets.scope import RequestScope

PATH = "/settings/team-channels"


@get(PATH, operation_id="listTeamChannels")
async def list_channels(
    org: NamedDependency[RequestScope],
    channels: NamedDependency[ChannelSetup],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> TeamChannelPage:
    """The chats of the org, oldest first."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        channels.check_set_up()
        scope = f"{access.org_id}|team-channels"
        after = None if cursor is None else _position(org.cursors.decode(cursor, scope=scope))
        rows = await repository.page(work.connection, access.org_id, after=after, limit=limit + 1)
        shown, more = rows[:limit], len(rows) > limit
        return TeamChannelPage(
            items=[channel_of(row) for row in shown],
            next_cursor=org.cursors.encode([str(shown[-1].id)], scope=scope) if more else None,
        )


@post(PATH, operation_id="createTeamChannel", response_headers=[ETAG, LOCATION])
async def create_channel(
    data: JSONBody[CreateTeamChannel],
    org: NamedDependency[RequestScope],
    channels: NamedDependency[ChannelSetup],
    idempotency_key: IdempotencyKey = None,
) -> Response[TeamChannel]:
    """Add a chat. How many there may be depends on the plate."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):

        async def act() -> Response[TeamChannel]:
            channel = await service.create(work, access, channels, data.wanted())
            location = f"/api/orgs/{access.slug}{PATH}/{channel.id}"
            return _answer(channel, status=201, headers={"Location": location})

        return await org.once(work, access, act, key=idempotency_key, ids={})


@get(f"{PATH}/{{channel_id:str}}", operation_id="getTeamChannel", response_headers=[ETAG])
async def get_channel(
    channel_id: FromPath[str], org: NamedDependency[RequestScope], channels: NamedDependency[ChannelSetup]
) -> Response[TeamChannel]:
    """One chat of the org."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        channels.check_set_up()
        channel = await repository.find(work.connection, access.org_id, object_id(channel_id))
        if channel is None:
            raise NotFound
        return _answer(channel)


@patch(f"{PATH}/{{channel_id:str}}", operation_id="patchTeamChannel", response_headers=[ETAG])
async def patch_channel(
    channel_id: FromPath[str],
    data: JSONBody[PatchTeamChannel],
    org: NamedDependency[RequestScope],
    channels: NamedDependency[ChannelSetup],
    if_match: IfMatch = None,
) -> Response[TeamChannel]:
    """Change some of it. One that is enabled again, or gets another address, begins without failures."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        wanted, expected = object_id(channel_id), expected_versions(if_match)
        return _answer(await service.change(work, access, channels, wanted, data.wanted(), if_match=expected))


@delete(f"{PATH}/{{channel_id:str}}", operation_id="deleteTeamChannel")
async def delete_channel(
    channel_id: FromPath[str],
    org: NamedDependency[RequestScope],
    channels: NamedDependency[ChannelSetup],
    if_match: IfMatch = None,
) -> None:
    """Forget the address for good. What waits for the chat is not sent."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        channels.check_set_up()
        await service.delete(work, access, object_id(channel_id), if_match=expected_versions(if_match))


@get("/team-channels", operation_id="nameTeamChannels")
async def name_channels(
    org: NamedDependency[RequestScope],
    wanted: Annotated[str, QueryParameter(name="id", description="Ids with commas between them, 100 at most")],
) -> NamedChannels:
    """Names of chats that the org has or had, by which everybody reads who was told."""
    async with org.transaction(NoticeAction.READ) as (work, access):
        names = await ledger.channel_names(work.connection, access.org_id, read_ids(wanted))
        return NamedChannels(items=[NamedChannel(id=id_, name=name) for id_, name in sorted(names.items())])


def _answer(
    channel: repository.Channel, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[TeamChannel]:
    return Response(
        channel_of(channel), status_code=status, headers={"ETag": f'"{channel.version}"', **(headers or {})}
    )


def _position(values: list[str | int]) -> UUID:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 1 or not isinstance(values[0], str):
        raise InvalidCursor
    return UUID(values[0])


ROUTES = [name_channels, list_channels, create_channel, get_channel, patch_channel, delete_channel]
