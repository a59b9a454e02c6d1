"""The team channels of a process: what sends to them, where settings name the secret of their addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.observability.health import Health, ProbeResult
from opsdash_chassis.service.runtime import Runtime
from opsdash_chassis.settings import Profile
from opsdash_http.security.encryption import StoredSecrets, UnreadableSecret

from opsdash_notifications.announcements import metrics, repository
from opsdash_notifications.announcements.sender import Sender
from opsdash_notifications.chat.client import ChatClient
from opsdash_notifications.mail.links import TicketLinks
from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.team_channels import repository as channels
from opsdash_notifications.team_channels.setup import SETTING, ChannelSetup

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS: Final = 1.0
MEASURE_EVERY_SECONDS: Final = 15.0
FORGET_EVERY_SECONDS: Final = 3600.0
RENEW_EVERY_SECONDS: Final = 3600.0
RENEWED_AT_ONCE: Final = 500
_BEFORE_ALL: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ChannelWorkers:
    """No sender where channels are not set up."""

    setup: ChannelSetup
    sender: Sender | None

    @classmethod
    def of(cls, settings: NotificationsSettings) -> ChannelWorkers:
        secret = settings.channel_secret
        chat = ChatClient(plain_http=settings.profile is Profile.LOCAL)
        setup = ChannelSetup.of(chat, None if secret is None else secret.get_secret_value())
        if secret is None:
            return cls(setup, None)
        return cls(setup, Sender(setup, TicketLinks(settings.public_url or ""), CrashPoints(settings.crash_at)))

    def join(self, runtime: Runtime) -> None:
        """They run while the process does; what cannot be sent waits in the database."""
        if self.sender is None:
            runtime.every(FORGET_EVERY_SECONDS, "forget-team-messages", _forget_all)
            return
        runtime.every(LOOK_EVERY_SECONDS, "team-messages", self.sender.run)
        runtime.every(MEASURE_EVERY_SECONDS, "measure-team-messages", _measure)
        runtime.every(FORGET_EVERY_SECONDS, "forget-team-turns", _forget)
        runtime.every(RENEW_EVERY_SECONDS, "renew-team-addresses", self._renew)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        if self.sender is None:
            log.warning("team_channels_not_set_up", setting=SETTING, way_out="name it: docs/how-to/send-to-chat.md")
        try:
            yield
        finally:
            if self.sender is not None:
                await self.sender.stop()
            self.setup.chat.close()

    def add_probes(self, health: Health) -> None:
        """It takes nothing out of rotation, and shows."""
        health.add_readiness("channels", self._ready)

    def _ready(self) -> ProbeResult:
        return True, f"not set up: {SETTING} is not named" if self.sender is None else "sending"

    async def _renew(self, database: Database) -> None:
        await renew_addresses(database, self.setup.encryption)


async def renew_addresses(database: Database, secrets: StoredSecrets) -> int:
    """Encrypt with the newest secret what is encrypted with the one before; how many no secret decrypts."""
    after, unreadable, renewed = (_BEFORE_ALL, _BEFORE_ALL), 0, 0
    while True:
        async with database.worker_transaction() as connection:
            found = await channels.addresses(connection, after, limit=RENEWED_AT_ONCE)
            for stored in found:
                try:
                    again = secrets.renewed(stored.address, stored.id)
                except UnreadableSecret:
                    unreadable += 1
                    continue
                if again is not None:
                    await channels.renew(connection, stored, again)
                    renewed += 1
        if len(found) < RENEWED_AT_ONCE:
            break
        after = (found[-1].org_id, found[-1].id)
    metrics.UNREADABLE.set(unreadable)
    if renewed:
        log.info("team_addresses_renewed", count=renewed)
    if unreadable:
        log.error("team_addresses_unreadable", count=unreadable, setting=SETTING, way_out="name the older one too")
    return unreadable


async def _measure(database: Database) -> None:
    """For all replicas: each tells the same."""
    async with database.worker_transaction() as connection:
        queue = await repository.queue(connection)
    metrics.WAITING.set(queue.waiting)
    metrics.FAILING.set(queue.failing)
    metrics.LATE_SECONDS.set(queue.late_seconds)


async def _forget(database: Database) -> None:
    async with database.worker_transaction() as connection:
        await repository.revive(connection)
        await repository.prune(connection)


async def _forget_all(database: Database) -> None:
    """Nothing is sent here: what waits must not leave when the secret is named some day."""
    async with database.worker_transaction() as connection:
        await repository.forget_all(connection)
