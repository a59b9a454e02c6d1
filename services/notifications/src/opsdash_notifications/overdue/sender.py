"""Sends daily mails, one after another; the list is asked for with the rights of the recipient when it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import Final

import structlog
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import worker_unit_of_work
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency

from opsdash_notifications.failures import others_go_on
from opsdash_notifications.mail import composition, metrics, texts
from opsdash_notifications.mail.composition import Heading, OverdueLine
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.repository import Addressee
from opsdash_notifications.mail.sender import Sender, send_while_due
from opsdash_notifications.mail.smtp import MailConnection, MailNotTaken, MailRefused, MailServer, MailServerAway
from opsdash_notifications.overdue import model, repository, service
from opsdash_notifications.overdue.repository import Digest
from opsdash_notifications.overdue.service import Turn
from opsdash_notifications.tickets.tickets_client import OverdueTickets, TicketClient

log = structlog.get_logger(__name__)

AFTER_DIGEST_BEFORE_RECORD: Final = "after_digest_before_record"
MAILS_PER_CONNECTION: Final = 100


@dataclass(frozen=True, slots=True)
class DigestSender:
    """One worker of a process. `address` is whom mails are from."""

    server: MailServer
    links: MailLinks
    address: str
    tickets: TicketClient
    dependency: Dependency
    crash_points: CrashPoints

    @classmethod
    def beside(cls, mails: Sender, tickets: TicketClient) -> DigestSender:
        """Over connections of its own to the same mail server."""
        return cls(mails.server, mails.links, mails.address, tickets, mails.dependency, mails.crash_points)

    async def run(self, database: Database) -> None:
        """Until none is due. While the mail server is away none is begun.

        Raises Unavailable when the tickets service is away: the others that are due are left for then.
        """
        send_all = partial(self._send_all, database)
        await send_while_due(database, self.server, self.dependency, is_due=repository.is_due, send_all=send_all)

    async def _send_all(self, database: Database, connection: MailConnection) -> None:
        for _ in range(MAILS_PER_CONNECTION):
            async with worker_unit_of_work(database) as work:
                digest = await service.claim(work)
            if digest is None:
                return
            with others_go_on("digest", but=MailServerAway):
                await self._deal_with(database, connection, digest)
            if not connection.is_open:
                return

    async def _deal_with(self, database: Database, connection: MailConnection, digest: Digest) -> None:
        async with worker_unit_of_work(database) as work:
            turn = await service.turn_of(work, digest)
        try:
            again = await self._send(connection, turn)
        except Unavailable:
            async with worker_unit_of_work(database) as work:
                await service.retry_later(work, turn)
            raise
        async with worker_unit_of_work(database) as work:
            await (service.retry_later if again else service.end)(work, turn)

    async def _send(self, connection: MailConnection, turn: Turn) -> bool:
        """Whether it is to be tried again. What is empty is not sent. Raises Unavailable."""
        if turn.addressee is None:
            return False
        outcome, again = "sent", False
        try:
            found = await self.tickets.overdue(turn.digest.org_id, turn.digest.user_id)
            if found is None or not found.tickets:
                return False
            mail = self._compose(turn, turn.addressee, found)
            await connection.send(mail, sender=self.address, recipient=turn.addressee.email or "")
        except MailNotTaken as error:
            outcome, again = "not_taken", True
            log.warning("digest_not_taken", reason=str(error))
        except (MailRefused, ValueError) as error:
            outcome = "refused" if isinstance(error, MailRefused) else "unwritable"
            log.warning("digest_refused", outcome=outcome, reason=type(error).__name__)
        metrics.MAILS.labels(outcome).inc()
        self.crash_points.reached(AFTER_DIGEST_BEFORE_RECORD)
        return again

    def _compose(self, turn: Turn, addressee: Addressee, found: OverdueTickets) -> EmailMessage:
        digest, slug, language = turn.digest, addressee.slug, turn.language
        heading = Heading(
            sender=self.address,
            recipient_name=addressee.name,
            recipient=addressee.email or "",
            org_name=addressee.org_name,
            message_id=model.message_id(digest.org_id, digest.user_id, digest.day),
            thread_id=model.thread_id(digest.org_id, digest.user_id),
            unsubscribe_url=self.links.unsubscribe(digest.user_id, [texts.OVERDUE_DIGEST]),
            language=language,
            at=turn.at,
        )
        lines = [
            OverdueLine(
                each.number,
                each.title,
                each.due_at.astimezone(turn.zone),
                self.links.ticket(slug, each.number, language),
            )
            for each in found.tickets
        ]
        return composition.overdue_mail(lines, found.found, self.links.overdue(slug, language), heading)
