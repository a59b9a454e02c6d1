"""Watching on a real database: by what people do, by hand, muted, and never too many."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from opsdash_contracts.workspace import Plate, Role
from opsdash_notifications.access.policy import Access
from opsdash_notifications.errors import TooManyWatchers
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.watching import repository, service
from opsdash_notifications.watching.model import MOST_WATCHERS, WatchState

from services.notifications.tests.conftest import Desk
from services.notifications.tests.happenings import TicketStory, replayed

pytestmark = pytest.mark.integration


async def state(desk: Desk, story: TicketStory, user_id: UUID) -> WatchState | None:
    return await repository.state_of(desk.connection, story.org_id, story.id, user_id)


async def by_hand(desk: Desk, story: TicketStory, user_id: UUID, wanted: WatchState | None) -> None:
    access = Access(story.org_id, desk.ours.slug, Plate.AGENCY, Role.VIEWER, user_id)
    ticket = KnownTicket(story.org_id, story.id, story.number, 1, None, None, None, None)
    async with desk.work() as work:
        if wanted is None:
            await service.end_watch(work, access, ticket)
        else:
            await service.set_watch(work, access, ticket, wanted)


async def test_who_creates_is_given_comments_or_is_mentioned_watches(desk: Desk):
    story = desk.story()
    ours = desk.ours
    await desk.apply(
        story.created(), story.assigned(ours.admin, by=ours.member), story.commented(ours.owner, mentions=[ours.viewer])
    )
    for user_id in (ours.member, ours.admin, ours.owner, ours.viewer):
        assert await state(desk, story, user_id) is WatchState.WATCHING


async def test_a_mute_outranks_what_the_person_does_later(desk: Desk):
    story = desk.story()
    await desk.apply(story.created())
    await by_hand(desk, story, desk.ours.member, WatchState.MUTED)
    await desk.apply(story.commented(desk.ours.member), story.assigned(desk.ours.member, by=desk.ours.owner))
    assert await state(desk, story, desk.ours.member) is WatchState.MUTED


async def test_a_watch_that_was_ended_comes_back_by_doing_something_but_not_by_a_replay(desk: Desk):
    story = desk.story()
    created = story.created()
    await desk.apply(created)
    await by_hand(desk, story, desk.ours.member, None)
    await desk.apply(replayed(created))
    assert await state(desk, story, desk.ours.member) is None
    await desk.apply(story.commented(desk.ours.member))
    assert await state(desk, story, desk.ours.member) is WatchState.WATCHING


async def test_there_are_never_more_than_200(desk: Desk):
    story = desk.story()
    await desk.apply(story.created())
    crowd = [uuid4() for _ in range(MOST_WATCHERS)]
    async with desk.work() as work:
        await service.watch_automatically(work, story.org_id, story.id, crowd, replayed=False)
    assert await desk.connection.fetchval("SELECT count(*) FROM watches") == MOST_WATCHERS
    with pytest.raises(TooManyWatchers):
        await by_hand(desk, story, desk.ours.viewer, WatchState.WATCHING)
    await by_hand(desk, story, desk.ours.member, WatchState.WATCHING)
    await by_hand(desk, story, desk.ours.viewer, WatchState.MUTED)
    await by_hand(desk, story, crowd[0], None)
    await by_hand(desk, story, desk.ours.viewer, WatchState.WATCHING)
    assert await state(desk, story, desk.ours.viewer) is WatchState.WATCHING
