"""The text that a mail is about, asked of the service that has it, with the rights of the recipient, when it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from opsdash_chassis.errors import Unavailable
from opsdash_tenancy.excerpts import Excerpt

from opsdash_notifications.comments.comments_client import CommentClient
from opsdash_notifications.mail.repository import Mail
from opsdash_notifications.tickets.tickets_client import TicketClient

#: After a service has not answered, the mails that follow do not wait for it each in turn.
PAUSE_SECONDS: Final = 5.0


@dataclass(slots=True)
class Excerpts:
    """Of comments where a notice is about one, else of tickets."""

    tickets: TicketClient
    comments: CommentClient
    _ask_again_at: float = 0.0

    async def of(self, org_id: UUID, reader: UUID, mail: Mail) -> Excerpt | None:
        """None where there is none, or the reader may not see it any more. Raises Unavailable."""
        if mail.ticket_id is None:
            return None
        if time.monotonic() < self._ask_again_at:
            raise Unavailable("The texts of mails could not be had a moment ago.")
        try:
            if mail.comment_id is not None:
                return await self.comments.text(org_id, reader, mail.comment_id)
            return await self.tickets.text(org_id, reader, mail.ticket_id)
        except Unavailable:
            self._ask_again_at = time.monotonic() + PAUSE_SECONDS
            raise
