"""The mails of a process: workers that send, where settings name a mail server, and links that turn mails off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar.types import ControllerRouterHandler
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.health import Health
from opsdash_chassis.service.runtime import Runtime

from opsdash_notifications.mail import metrics, repository
from opsdash_notifications.mail.excerpts import Excerpts
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.routes import unsubscribe_router
from opsdash_notifications.mail.sender import Sender
from opsdash_notifications.mail.smtp import MailServer
from opsdash_notifications.settings import NotificationsSettings

#: Connections to the mail server of one process.
WORKERS: Final = 3
LOOK_EVERY_SECONDS: Final = 1.0
MEASURE_EVERY_SECONDS: Final = 15.0
FORGET_EVERY_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class MailWorkers:
    """No sender where no mail is sent."""

    sender: Sender | None
    routes: Sequence[ControllerRouterHandler]

    @classmethod
    def of(cls, settings: NotificationsSettings, excerpts: Excerpts) -> MailWorkers:
        if settings.smtp_host is None or settings.mail_from is None or settings.mail_link_secret is None:
            return cls(None, ())
        server = MailServer(
            settings.smtp_host, settings.smtp_port, settings.smtp_tls, settings.smtp_user, settings.smtp_password
        )
        links = MailLinks(settings.public_url or "", settings.mail_link_secret.get_secret_value())
        points = CrashPoints(settings.crash_at)
        sender = Sender(server, links, settings.mail_from, excerpts, Dependency("smtp"), points)
        return cls(sender, [unsubscribe_router(links)])

    def join(self, runtime: Runtime) -> None:
        """They run while the process does; what they cannot send waits in the database."""
        if self.sender is None:
            runtime.every(FORGET_EVERY_SECONDS, "forget-mails", _forget_all)
            return
        for number in range(1, WORKERS + 1):
            runtime.every(LOOK_EVERY_SECONDS, f"mails-{number}", self.sender.run)
        runtime.every(MEASURE_EVERY_SECONDS, "measure-mails", _measure)
        runtime.every(FORGET_EVERY_SECONDS, "forget-mail-turns", _forget)

    def add_probes(self, health: Health) -> None:
        """A mail server that is away takes nothing out of rotation, and shows."""
        if self.sender is not None:
            health.add_readiness("mails", self.sender.ready)


async def _measure(database: Database) -> None:
    """For all replicas: each tells the same."""
    async with database.worker_transaction() as connection:
        queue = await repository.queue(connection)
    metrics.WAITING.set(queue.waiting)
    metrics.LATE_SECONDS.set(queue.late_seconds)


async def _forget(database: Database) -> None:
    async with database.worker_transaction() as connection:
        await repository.revive(connection)
        await repository.prune(connection)


async def _forget_all(database: Database) -> None:
    """No mail is sent here: what is scheduled must not leave when a mail server is named some day."""
    async with database.worker_transaction() as connection:
        await repository.forget_all(connection)
