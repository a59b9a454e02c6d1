"""What stands in for the tickets service in tests of the daily mail, and a day of its housekeeping."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opsdash_chassis.errors import Unavailable
from opsdash_notifications.overdue import service
from opsdash_notifications.overdue.sender import DigestSender
from opsdash_notifications.tickets.tickets_client import OverdueTicket, OverdueTickets

if TYPE_CHECKING:
    from services.notifications.tests.mail.conftest import Mails

DUE = datetime(2026, 3, 3, 9, 15, tzinfo=UTC)


@dataclass
class FakeOverdue:
    """Answers for the tickets service: what is overdue for a person in an org."""

    there: dict[tuple[UUID, UUID], OverdueTickets] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    async def overdue(self, org_id: UUID, reader: UUID) -> OverdueTickets | None:
        self.asked += 1
        if self.away:
            raise Unavailable("It is away.")
        return self.there.get((org_id, reader))


@dataclass
class Digests:
    mails: Mails
    tickets: FakeOverdue

    @property
    def sender(self) -> DigestSender:
        tickets: Any = self.tickets
        return DigestSender.beside(self.mails.sender, tickets)

    @property
    def taken(self) -> list[EmailMessage]:
        return self.mails.server.taken

    async def chosen(self, person: UUID, **more: object) -> None:
        """The digest of this hour, since yesterday."""
        values = {"user_id": person, "digest_hour": datetime.now(UTC).hour, "digest_zone": "UTC"} | more
        values["digest_set_at"] = more.get("digest_set_at", datetime.now(UTC) - timedelta(days=1))
        names, places = ", ".join(values), ", ".join(f"${number}" for number in range(1, len(values) + 1))
        await self.mails.execute(f"INSERT INTO mail_preferences ({names}) VALUES ({places})", *values.values())

    async def day(self) -> None:
        """What the housekeeping of a process does."""
        await service.begin_due(self.mails.database)
        with suppress(Unavailable):
            await self.sender.run(self.mails.database)

    async def wait(self, time: timedelta) -> None:
        await self.mails.execute("UPDATE overdue_digests SET due_at = due_at - $1::interval", time)


def tickets(*numbers: int, found: int | None = None) -> OverdueTickets:
    listed = [OverdueTicket(number, f"Ticket {number}", DUE) for number in numbers]
    return OverdueTickets(listed, len(numbers) if found is None else found)
