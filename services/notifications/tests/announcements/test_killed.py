"""A process that is killed after a chat has taken a message, and secrets that are rotated."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta

from opsdash_http.security.encryption import StoredSecrets
from opsdash_notifications.announcements.service import LEASE
from opsdash_notifications.announcements.worker import renew_addresses
from opsdash_notifications.team_channels.setup import SETTING, ChannelSetup

from services.notifications.tests.announcements.conftest import SECRET, Channels

NEWER = "Wm5vT9yUo5iEw7rAa1dFg4hMl9zXc6nB"
KILLED = -9
#: A process that sends what is due, and dies before it has recorded that.
DOOMED = """
import asyncio, sys
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_http.client import typed_address
from opsdash_notifications.announcements.sender import AFTER_MESSAGE_BEFORE_RECORD, Sender
from opsdash_notifications.chat.client import ChatClient
from opsdash_notifications.mail.links import TicketLinks
from opsdash_notifications.team_channels.setup import ChannelSetup
from services.notifications.tests.fake_chat import STAND_IN, FakeChat
from services.notifications.tests.mail.conftest import settings_of

real = typed_address.is_public
typed_address.is_public = lambda text: text == STAND_IN or real(text)
secret, app_url, worker_url = sys.argv[1:]

class Stored:
    pass

async def main():
    stored = Stored()
    stored.app_url, stored.worker_url = app_url, worker_url
    database = Database(settings_of(stored), name="notifications")
    await database.open()
    setup = ChannelSetup.of(ChatClient(plain_http=True, send=FakeChat().send), secret)
    sender = Sender(setup, TicketLinks("https://support.example.test"), CrashPoints(AFTER_MESSAGE_BEFORE_RECORD))
    await sender.run(database)
    await sender.finish()

asyncio.run(main())
"""


async def test_a_message_whose_sender_was_killed_is_sent_again_with_the_same_id(channels: Channels) -> None:
    await channels.add("one")
    await channels.event()
    urls = (channels.stored.app_url, channels.stored.worker_url)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DOOMED, SECRET, *urls)
    assert await asyncio.wait_for(process.wait(), 60) == KILLED
    assert (len(channels.chat.taken), await channels.outcomes(), await channels.waiting()) == (1, [], 1)

    await channels.run()
    assert len(channels.chat.taken) == 1, "the lease of the one that was killed has not ended"
    await channels.pass_by(LEASE + timedelta(seconds=1))
    await channels.run()
    first, second = channels.chat.taken
    assert (first, await channels.outcomes()) == (second, [("notice.sent", None)])
    assert await channels.waiting() == 0


class TestSecrets:
    async def test_two_while_they_are_rotated_then_the_newer_alone(self, channels: Channels) -> None:
        await channels.add("one")
        await channels.event()
        both = secrets(f"{NEWER},{SECRET}")
        assert await renew_addresses(channels.database, both) == 0
        channels.sender = replace(channels.sender, setup=ChannelSetup(channels.sender.setup.chat, secrets(NEWER)))
        await channels.run()
        assert [each.token for each in channels.chat.taken] == ["one"]

    async def test_what_is_encrypted_with_the_newest_stays(self, channels: Channels) -> None:
        channel_id = await channels.add("one")
        before = (await channels.channel(channel_id))["address"]
        assert await renew_addresses(channels.database, secrets(f"{SECRET},{NEWER}")) == 0
        assert (await channels.channel(channel_id))["address"] == before

    async def test_one_that_no_secret_decrypts_is_counted_and_its_messages_wait(self, channels: Channels) -> None:
        channel_id = await channels.add("one")
        assert await renew_addresses(channels.database, secrets(NEWER)) == 1
        channels.sender = replace(channels.sender, setup=ChannelSetup(channels.sender.setup.chat, secrets(NEWER)))
        await channels.event()
        await channels.run()
        assert (await channels.outcomes(), await channels.waiting(), channels.chat.asked) == ([], 1, [])
        assert (await channels.channel(channel_id))["failures"] == 0


def secrets(text: str) -> StoredSecrets:
    return StoredSecrets(text, setting=SETTING, purpose="team channel")
