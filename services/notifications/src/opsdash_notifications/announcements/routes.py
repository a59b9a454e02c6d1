"""The route that sends a test to a team channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import UUID, uuid4

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import Problem
from opsdash_http.requests.conditional import IdempotencyKey
from opsdash_tenancy.references import object_id

from opsdash_notifications.access.policy import NoticeAction
from opsdash_notifications.announcements import service
from opsdash_notifications.announcements.schemas import SentTest
from opsdash_notifications.chat.answers import ChatFailed
from opsdash_notifications.chat.text import lines_of_test
from opsdash_notifications.errors import MessageNotTaken, NotFound
from opsdash_notifications.org_settings import repository as org_settings
from opsdash_notifications.team_channels import repository
from opsdash_notifications.team_channels.setup import ChannelSetup
from opsdash_notifications.tickets.scope import RequestScope

#: Less than the gateway waits for an answer (5 s), with the wait for one of the places; and less than a transaction may
#: be idle: the key of the request is held in one while the chat is asked.
TOTAL_SECONDS: Final = 4.0
_NO_ANSWER: Final = "It does not answer."
_NO_PLACE: Final = "Too many channels are being tested. Try again in a moment."
#: Each has a connection to the database while it waits for a chat.
_AT_ONCE: Final = asyncio.Semaphore(4)
_TESTING: Final = set[UUID]()


@contextmanager
def only_one_of(org_id: UUID) -> Iterator[None]:
    """An org whose chats hang keeps no other from trying theirs. Raises the 409 problem `still-running`."""
    if org_id in _TESTING:
        raise _test_running()
    _TESTING.add(org_id)
    try:
        yield
    finally:
        _TESTING.remove(org_id)


def _left(ends: float) -> float:
    return max(ends - time.monotonic(), 0.0)


def _test_running() -> Problem:
    detail = "A test of a channel of this workspace is still running."
    headers = {"Retry-After": str(round(TOTAL_SECONDS))}
    return Problem("still-running", "Conflict", 409, detail, headers=headers)


@asynccontextmanager
async def _place(ends: float) -> AsyncIterator[None]:
    """One of a few. Raises MessageNotTaken when none becomes free until then."""
    try:
        async with asyncio.timeout(_left(ends)):
            await _AT_ONCE.acquire()
    except TimeoutError as error:
        raise MessageNotTaken(_NO_PLACE) from error
    try:
        yield
    finally:
        _AT_ONCE.release()


@post("/settings/team-channels/{channel_id:str}/test", operation_id="testTeamChannel", status_code=200)
async def send_test(
    channel_id: FromPath[str],
    org: NamedDependency[RequestScope],
    channels: NamedDependency[ChannelSetup],
    idempotency_key: IdempotencyKey = None,
) -> Response[SentTest]:
    """Send one message now, to a disabled channel too. 409 `message-not-taken` says what the chat answered."""
    ends = time.monotonic() + TOTAL_SECONDS
    async with _place(ends), org.transaction(NoticeAction.CONFIGURE) as (work, access):
        channels.check_set_up()
        wanted = object_id(channel_id)

        async def act() -> Response[SentTest]:
            channel = await repository.find(work.connection, access.org_id, wanted)
            if channel is None:
                raise NotFound
            address = channels.decrypt(channel.address, channel.id)
            lines = lines_of_test(channel.name, (await org_settings.read(work.connection, access.org_id)).language)
            try:
                left = _left(ends)
                async with asyncio.timeout(left):
                    await channels.chat.send(address, lines, notice=str(uuid4()), within=left)
            except TimeoutError as error:
                raise MessageNotTaken(_NO_ANSWER) from error
            except ChatFailed as error:
                raise MessageNotTaken(error.words) from error
            await service.record_test(work, access.org_id, channel.id)
            return Response(SentTest(sent=True, at=work.now))

        with only_one_of(access.org_id):
            return await org.once(work, access, act, key=idempotency_key, ids={"channel_id": wanted})


ROUTES = [send_test]
