"""One connection to the mail server, kept for the mails that follow. TLS is asked for, never merely offered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

import aiosmtplib
from pydantic import SecretStr

#: For each command and its answer.
TIMEOUT_SECONDS: Final = 20.0
_PERMANENT: Final = range(500, 600)


class SmtpTls(StrEnum):
    """`starttls` begins in plain text and refuses to go on without TLS; `implicit` is TLS from the first byte."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class MailServerAway(Exception):
    """No mail can be sent just now, whatever it is; the message says why, without secrets."""


class MailRefused(Exception):
    """The server will not take this mail."""


class MailNotTaken(Exception):
    """The server could not take this mail now."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in, and as whom."""

    host: str
    port: int
    tls: SmtpTls
    user: str | None = None
    password: SecretStr | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[MailConnection]:
        """Raises MailServerAway."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=None if self.password is None else self.password.get_secret_value(),
            use_tls=self.tls is SmtpTls.IMPLICIT,
            start_tls=self.tls is SmtpTls.STARTTLS,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise MailServerAway(_reason(error)) from error
        try:
            yield MailConnection(client)
        finally:
            client.close()


class MailConnection:
    """An open connection; one that failed is not used again."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client

    async def send(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        """Raises MailRefused, MailNotTaken or MailServerAway."""
        try:
            await self._client.sendmail(sender, [recipient], bytes(mail))
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPHeloError) as error:
            raise MailServerAway(_reason(error)) from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _of_codes([each.code for each in error.recipients], error) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _of_codes([error.code], error) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailNotTaken(_reason(error)) from error

    @property
    def is_open(self) -> bool:
        return self._client.is_connected


def _of_codes(codes: list[int], error: Exception) -> MailRefused | MailNotTaken:
    permanent = bool(codes) and all(code in _PERMANENT for code in codes)
    return MailRefused(_reason(error)) if permanent else MailNotTaken(_reason(error))


def _reason(error: Exception) -> str:
    """The server's own words may hold the address of a person: its code says enough."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code is not None else type(error).__name__
