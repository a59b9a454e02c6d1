"""A migrated database with two orgs and their people, and a mail server that keeps what it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_contracts.notices import Reason
from opsdash_local.ports import LOOPBACK, free_port
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.mail import service
from opsdash_notifications.mail.excerpts import Excerpts
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.sender import Sender
from opsdash_notifications.mail.smtp import MailServer, SmtpTls
from opsdash_notifications.recipients.model import Occasion
from opsdash_notifications.settings import NotificationsSettings
from opsdash_tenancy.excerpts import Excerpt

from services.notifications.tests.mail.digests import Digests, FakeOverdue, tickets
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import TemplateOf

ORG, OTHER_ORG = uuid4(), uuid4()
MAYA, JONAS = uuid4(), uuid4()
PUBLIC_URL = "https://support.example.test"
LINKS = MailLinks(PUBLIC_URL, "l" * 32)


class FakeMailServer:
    """An SMTP server that answers as it is told, and keeps what it has taken."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken = list[EmailMessage]()
        self.recipients = list[str]()
        self.answer_to_recipient = "250 OK"
        self.answer_to_mail = "250 OK"
        self._server: Any = None

    async def start(self) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=False, loop=loop), LOOPBACK, self.port
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_RCPT(  # noqa: N802 - its name there
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer_to_mail.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.taken.append(mail)
            self.recipients += envelope.rcpt_tos
        return self.answer_to_mail

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.taken]


@dataclass
class FakeTexts:
    """Answers for the services that have the texts: to those who may read them, once it is not away."""

    there: dict[tuple[UUID, UUID], Excerpt] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    async def text(self, org_id: UUID, reader: UUID, about: UUID) -> Excerpt | None:
        self.asked += 1
        if self.away:
            raise Unavailable("It is away.")
        return self.there.get((reader, about))


@dataclass
class Mails:
    """The service's mails on a database of their own, and the time as it passes there."""

    database: Database
    stored: ServiceDatabase
    server: FakeMailServer
    dependency: Dependency = field(default_factory=lambda: Dependency("smtp"))
    texts: FakeTexts = field(default_factory=FakeTexts)

    @property
    def sender(self) -> Sender:
        server = MailServer(LOOPBACK, self.server.port, SmtpTls.NONE)
        texts: Any = self.texts
        excerpts = Excerpts(tickets=texts, comments=texts)
        return Sender(server, LINKS, "support@opsdash.example", excerpts, self.dependency, CrashPoints())

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        async with worker_unit_of_work(self.database) as work:
            yield work

    async def notice(
        self, *people: UUID, reason: Reason = Reason.MENTIONED, number: int | None = 42, org: UUID = ORG,
        is_urgent: bool = False, actor: UUID | None = JONAS, comment: UUID | None = None,
    ) -> Source:  # fmt: skip
        """Somebody is told something, and is to have a mail of it."""
        ticket_id = None if number is None else UUID(int=number)
        source = Source(org, uuid4(), datetime.now(UTC), ticket_id, number)
        async with self.work() as work:
            occasion = Occasion((reason,), actor_id=actor, is_urgent=is_urgent, comment_id=comment)
            await service.schedule(work, source, [(person, reason) for person in people], occasion)
        return source

    async def pass_by(self, time: timedelta = timedelta(seconds=61)) -> None:
        """Let everything that waits have waited so much longer."""
        await self.execute(
            "UPDATE mails SET due_at = due_at - $1::interval, made_at = made_at - $1::interval,"
            " source_at = source_at - $1::interval",
            time,
        )
        await self.execute(
            "UPDATE mail_turns SET due_at = due_at - $1::interval, gathers_until = gathers_until - $1::interval,"
            " left_at = ARRAY(SELECT at - $1::interval FROM unnest(left_at) at)",
            time,
        )

    async def execute(self, statement: str, *values: object) -> None:
        await self.stored.fetch(statement, *values)

    async def run(self) -> None:
        await self.sender.run(self.database)

    async def outcomes(self) -> list[tuple[str, str | None]]:
        """What the ledger says of mails, in the order in which it was recorded."""
        rows = await self.stored.fetch(
            "SELECT event_type, data::jsonb ->> 'why' AS why FROM history"
            " WHERE data::jsonb ->> 'channel' = 'mail' ORDER BY occurred_at, aggregate_version"
        )
        return [(row["event_type"], row["why"]) for row in rows]

    async def waiting(self) -> int:
        return int((await self.stored.fetch("SELECT count(*) FROM mails"))[0][0])


Known = Callable[..., Any]


async def _fill(stored: ServiceDatabase) -> None:
    for org, slug in ((ORG, "brightside"), (OTHER_ORG, "tidewater")):
        await stored.fetch(
            "INSERT INTO orgs (org_id, name, version, slug, plate) VALUES ($1, $2, 1, $2, 'growth')", org, slug
        )
        for person, name in ((MAYA, "Maya Lindqvist"), (JONAS, "Jonas Bergström")):
            await stored.fetch(
                "INSERT INTO members (org_id, member_id, name, version, user_id, email, role)"
                " VALUES ($1, $2, $3, 1, $4, $5, 'member')",
                org, uuid4(), name, person, f"{name.split()[0].lower()}@{slug}.example",
            )  # fmt: skip
    await stored.fetch(
        "INSERT INTO known_tickets (org_id, ticket_id, number, version, assignee_id, title)"
        " VALUES ($1, $2, 42, 1, $3, 'Invoice shows the wrong VAT rate')",
        ORG, UUID(int=42), MAYA,
    )  # fmt: skip


def settings_of(stored: ServiceDatabase) -> NotificationsSettings:
    return NotificationsSettings(
        profile="local",
        oidc_issuer="https://id.example.test",
        oidc_audience="opsdash",
        oidc_jwks_url="https://id.example.test/jwks",
        kafka_bootstrap_servers="127.0.0.1:1",
        kafka_idempotent_producer=False,
        database_url=stored.app_url,
        database_worker_url=stored.worker_url,
        tickets_url="http://127.0.0.1:1",
        token_to_tickets="Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB",
        comments_url="http://127.0.0.1:1",
        token_to_comments="Wd3fT2yUo5iEw7rAa1dFg4hKl9zXc6vM",
        cursor_secret="Ms4rL8nOp2tQu6vRw0xSy3zTa7bUc1dV",
    )


@pytest.fixture
async def mails(template_of: TemplateOf, postgres_server: object) -> AsyncIterator[Mails]:
    stored = await clone("notifications", await template_of("notifications"))
    await _fill(stored)
    database = Database(settings_of(stored), name="notifications")
    await database.open()
    server = FakeMailServer()
    await server.start()
    yield Mails(database, stored, server)
    await server.stop()
    await database.close()
    await drop(stored)


@pytest.fixture
async def digests(mails: Mails) -> Digests:
    overdue = FakeOverdue({(ORG, MAYA): tickets(42), (OTHER_ORG, MAYA): tickets(7), (ORG, JONAS): tickets(42)})
    return Digests(mails, overdue)
