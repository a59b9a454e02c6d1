"""The daily mails of a process, where settings name a mail server."""

from __future__ import annotations

from typing import Final

from opsdash_chassis.service.runtime import Runtime

from opsdash_notifications.mail.sender import Sender
from opsdash_notifications.overdue import service
from opsdash_notifications.overdue.sender import DigestSender
from opsdash_notifications.tickets.tickets_client import TicketClient

BEGIN_EVERY_SECONDS: Final = 60.0
LOOK_EVERY_SECONDS: Final = 5.0
FORGET_EVERY_SECONDS: Final = 3600.0


def join(runtime: Runtime, mails: Sender | None, tickets: TicketClient) -> None:
    """Any replica begins and sends them. Without a sender of mails there are none."""
    if mails is None:
        return
    sender = DigestSender.beside(mails, tickets)
    runtime.every(BEGIN_EVERY_SECONDS, "begin-digests", service.begin_due)
    runtime.every(LOOK_EVERY_SECONDS, "digests", sender.run)
    runtime.every(FORGET_EVERY_SECONDS, "forget-digests", service.prune)
