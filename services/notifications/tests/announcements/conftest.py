"""A migrated database with two orgs, a chat that keeps what it takes, and the sender between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_contracts.notices import Reason
from opsdash_http.client import typed_address
from opsdash_notifications.announcements.sender import Sender
from opsdash_notifications.chat.client import ChatClient
from opsdash_notifications.ledger import service as ledger
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.mail.links import TicketLinks
from opsdash_notifications.team_channels.announcing import announce
from opsdash_notifications.team_channels.model import ChannelReason
from opsdash_notifications.team_channels.setup import ChannelSetup

from services.notifications.tests.fake_chat import STAND_IN, FakeChat
from services.notifications.tests.mail.conftest import JONAS, ORG, PUBLIC_URL, _fill, settings_of
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import TemplateOf

SECRET = "Zk3vT9yUo5iEw7rAa1dFg4hMl9zXc6nQ"
OWNER = uuid4()


@dataclass
class Channels:
    """The service's channels on a database of their own, and the time as it passes there."""

    database: Database
    stored: ServiceDatabase
    chat: FakeChat
    sender: Sender

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        async with worker_unit_of_work(self.database) as work:
            yield work

    async def add(self, token: str, *reasons: Reason, org: UUID = ORG, **columns: Any) -> UUID:
        """A channel that leads to the chat; `columns` are further ones of its row."""
        identity = uuid4()
        encrypted = self.sender.setup.encryption.encrypt(self.chat.address(token), identity)
        values = {
            "org_id": org, "id": identity, "name": token, "scheme": "mmost", "address": encrypted, "shown": "",
            "reasons": [str(reason) for reason in reasons or ChannelReason], "priorities": [], "categories": [],
            "version": 1, "created_at": datetime.now(UTC), **columns,
        }  # fmt: skip
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.stored.fetch(f"INSERT INTO team_channels ({', '.join(values)}) VALUES ({places})", *values.values())
        return identity

    async def event(
        self, *reasons: Reason, number: int | None = 42, org: UUID = ORG, age: timedelta = timedelta(),
        event_id: UUID | None = None,
    ) -> Source:  # fmt: skip
        """Something happens to a ticket, or to the org."""
        ticket_id = None if number is None else UUID(int=number)
        source = Source(org, event_id or uuid4(), datetime.now(UTC) - age, ticket_id, number)
        async with self.work() as work:
            too_late = await announce(work, source, reasons or (Reason.COMMENTED,), JONAS)
            await ledger.record(work, source, too_late)
        return source

    async def pass_by(self, time: timedelta) -> None:
        """Let everything have happened so much longer ago."""
        turns = "UPDATE team_turns SET due_at = due_at - $1::interval, gathers_until = gathers_until - $1::interval,"
        await self.stored.fetch(f"{turns} left_at = ARRAY(SELECT at - $1::interval FROM unnest(left_at) at)", time)
        await self.stored.fetch("UPDATE team_messages SET made_at = made_at - $1::interval", time)
        await self.stored.fetch("UPDATE team_channels SET failing_since = failing_since - $1::interval", time)

    async def run(self) -> None:
        """Until nothing is due."""
        for _ in range(100):
            await self.sender.run(self.database)
            if not await self.sender.finish():
                return
        raise AssertionError("it never ends")

    async def outcomes(self) -> list[tuple[str, str | None]]:
        """What the ledger says of channels, in the order in which it was recorded."""
        rows = await self.stored.fetch(
            "SELECT event_type, data::jsonb ->> 'why' AS why FROM history"
            " WHERE data::jsonb ->> 'channel' = 'team' ORDER BY occurred_at, aggregate_version"
        )
        return [(row["event_type"], row["why"]) for row in rows]

    async def waiting(self) -> int:
        return int((await self.stored.fetch("SELECT count(*) FROM team_messages"))[0][0])

    async def channel(self, channel_id: UUID) -> dict[str, Any]:
        return dict((await self.stored.fetch("SELECT * FROM team_channels WHERE id = $1", channel_id))[0])


@pytest.fixture
async def channels(
    template_of: TemplateOf, postgres_server: object, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Channels]:
    real = typed_address.is_public
    monkeypatch.setattr(typed_address, "is_public", lambda text: text == STAND_IN or real(text))
    stored = await clone("notifications", await template_of("notifications"))
    await _fill(stored)
    await stored.fetch(
        "INSERT INTO members (org_id, member_id, name, version, user_id, email, role)"
        " VALUES ($1, $2, 'Olga', 1, $3, 'olga@brightside.example', 'owner')",
        ORG, uuid4(), OWNER,
    )  # fmt: skip
    database = Database(settings_of(stored), name="notifications")
    await database.open()
    chat = FakeChat()
    await chat.start()
    client = ChatClient(plain_http=True, send=chat.send)
    sender = Sender(ChannelSetup.of(client, SECRET), TicketLinks(PUBLIC_URL), CrashPoints())
    yield Channels(database, stored, chat, sender)
    await sender.stop()
    client.close()
    await chat.stop()
    await database.close()
    await drop(stored)
