"""Lets mails leave, one person after another, for as long as the mail server takes them.

A mail is recorded after the server has taken it. A process that is killed in between has it sent again, under the same
Message-ID, by which a mail server or client knows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import Final

import structlog
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Connection, Database
from opsdash_chassis.database.unit_of_work import worker_unit_of_work
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.health import ProbeResult
from opsdash_contracts.notices import Reason
from opsdash_tenancy.excerpts import Excerpt

from opsdash_notifications.mail import composition, metrics, repository, service
from opsdash_notifications.mail.composition import Heading, Line
from opsdash_notifications.mail.excerpts import Excerpts
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.model import MOST_WAITS_FOR_TEXT
from opsdash_notifications.mail.repository import Mail
from opsdash_notifications.mail.service import Departure, Leaving
from opsdash_notifications.mail.smtp import MailConnection, MailNotTaken, MailRefused, MailServer, MailServerAway

log = structlog.get_logger(__name__)

AFTER_MAIL_BEFORE_RECORD: Final = "after_mail_before_record"
#: People whose mails leave over one connection.
TURNS_PER_CONNECTION: Final = 100


async def send_while_due(
    database: Database,
    server: MailServer,
    dependency: Dependency,
    *,
    is_due: Callable[[Connection], Awaitable[bool]],
    send_all: Callable[[MailConnection], Awaitable[None]],
) -> None:
    """One connection after another, until nothing is due or the mail server is away."""
    while True:
        async with database.worker_transaction() as transaction:
            if not await is_due(transaction):
                return
        try:
            async with server.connected() as connection:
                dependency.back()
                await send_all(connection)
        except MailServerAway as error:
            dependency.away(str(error))
            return


@dataclass(frozen=True, slots=True)
class Sender:
    """What the workers of a process share; each runs it on its own. `address` is whom mails are from."""

    server: MailServer
    links: MailLinks
    address: str
    excerpts: Excerpts
    dependency: Dependency
    crash_points: CrashPoints

    async def run(self, database: Database) -> None:
        """Until nothing is due. While the mail server is away nothing is begun, and nothing is lost."""
        send_all = partial(self._send_all, database)
        await send_while_due(database, self.server, self.dependency, is_due=repository.is_due, send_all=send_all)

    def ready(self) -> ProbeResult:
        """Mails wait without it, and nothing else does."""
        return True, self.dependency.missed_by("") or "sending"

    async def _send_all(self, database: Database, connection: MailConnection) -> None:
        for _ in range(TURNS_PER_CONNECTION):
            async with worker_unit_of_work(database) as work:
                departure = await service.depart(work)
            if departure is None:
                return
            for leaving in departure.mails:
                await self._send(database, connection, departure, leaving)
                if not connection.is_open:
                    return

    async def _send(
        self, database: Database, connection: MailConnection, departure: Departure, leaving: Leaving
    ) -> None:
        recipient = departure.addressee.email or ""
        conclude, outcome = service.record_sent, "sent"
        try:
            text = await self._text(departure, leaving)
        except Unavailable:
            async with worker_unit_of_work(database) as work:
                await service.wait_for_text(work, departure.turn, leaving)
            return
        try:
            await connection.send(self._compose(departure, leaving, text), sender=self.address, recipient=recipient)
        except MailRefused as error:
            conclude, outcome = service.record_refused, "refused"
            log.warning("mail_refused", mail_id=str(leaving.mail_id), reason=str(error))
        except MailNotTaken as error:
            conclude, outcome = service.retry_later, "not_taken"
            log.warning("mail_not_taken", mail_id=str(leaving.mail_id), reason=str(error))
        except ValueError as error:  # one that cannot be written must not keep the others
            conclude, outcome = service.record_refused, "unwritable"
            log.error("mail_unwritable", mail_id=str(leaving.mail_id), reason=type(error).__name__)
        metrics.MAILS.labels(outcome).inc()
        self.crash_points.reached(AFTER_MAIL_BEFORE_RECORD)
        for part in [leaving] if conclude is service.retry_later else leaving.parts():
            async with worker_unit_of_work(database) as work:
                await conclude(work, departure.turn, part)

    async def _text(self, departure: Departure, leaving: Leaving) -> Excerpt | None:
        """Of a mail about one thing, where the org wants it. Raises Unavailable while it is worth waiting for."""
        first, turn = leaving.notices[0], departure.turn
        if not departure.has_text or len(leaving.notices) > 1:
            return None
        try:
            return await self.excerpts.of(turn.org_id, turn.user_id, first)
        except Unavailable:
            if first.tries < MOST_WAITS_FOR_TEXT:
                raise
            return None

    def _compose(self, departure: Departure, leaving: Leaving, text: Excerpt | None) -> EmailMessage:
        lines = [self._line(departure, mail, text) for mail in leaving.notices]
        first, turn = leaving.notices[0], departure.turn
        heading = Heading(
            sender=self.address,
            recipient_name=departure.addressee.name,
            recipient=departure.addressee.email or "",
            org_name=departure.addressee.org_name,
            message_id=leaving.mail_id,
            thread_id=(first.ticket_id if len(lines) == 1 else None) or turn.org_id,
            unsubscribe_url=self.links.unsubscribe(turn.user_id, {line.reason for line in lines}),
            language=departure.language,
            at=departure.at,
        )
        if len(lines) == 1:
            return composition.notice_mail(lines[0], heading)
        return composition.digest_mail(lines, heading)

    def _line(self, departure: Departure, mail: Mail, text: Excerpt | None) -> Line:
        slug, language = departure.addressee.slug, departure.language
        url = self.links.org(slug, language) if mail.number is None else self.links.ticket(slug, mail.number, language)
        return Line(Reason(mail.reason), mail.actor, mail.number, mail.title, url, text, mail.note)
