"""The SMTP server of the sink: it takes every mail and keeps it."""

from __future__ import annotations

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session
from opsdash_chassis.errors import StartupError

from opsdash_local.mail_sink.inbox import LARGEST_MAIL_BYTES, MailInbox

QUIET_SECONDS = 60.0


class SmtpSink:
    """Listens while it is started, on the loop that started it."""

    def __init__(self, host: str, port: int, inbox: MailInbox) -> None:
        self._host, self._port, self._inbox = host, port, inbox
        self._server: asyncio.Server | None = None
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # of aiosmtpd: a line for each command

    async def start(self) -> None:
        """Raises StartupError with the setting to change when nothing can listen there."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._protocol, self._host, self._port)
        except OSError as error:
            reason = error.strerror or repr(error)
            raise StartupError(f"OPSDASH_DEV_MAIL_PORT: nothing can listen on {self._port}: {reason}") from error

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name there
        """Called by aiosmtpd with a whole mail."""
        content = envelope.content or b""
        content = content.encode() if isinstance(content, str) else content
        self._inbox.keep(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        return "250 kept"

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=LARGEST_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="OpsDash mail sink",
            timeout=QUIET_SECONDS,
            loop=asyncio.get_running_loop(),
        )
