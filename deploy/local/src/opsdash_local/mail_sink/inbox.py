"""The mails that came last, in memory: no more than a number and a sum of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

MOST_MAILS: Final = 200
MOST_BYTES: Final = 8 * 1024 * 1024
LARGEST_MAIL_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail as it came over SMTP; `number` counts from 1, for as long as the process runs."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    received_at: datetime

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As they were written, in their order and with their encoding; whatever cannot be read is replaced."""
        head = self.content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        lines = head.replace("\r\n ", "\n ").replace("\r\n\t", "\n\t").split("\r\n")
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @property
    def subject(self) -> str:
        """Decoded."""
        return str(self._parsed.get("Subject", ""))

    def body(self, kind: str) -> str | None:
        """The first part of the type `text/<kind>`."""
        part = self._parsed.get_body(preferencelist=(kind,))
        if part is None or part.get_content_subtype() != kind:
            return None
        content = part.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else None

    @property
    def _parsed(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(slots=True)
class MailInbox:
    """Of all recipients together; the oldest go first."""

    _kept: dict[int, KeptMail] = field(default_factory=dict)
    _last: int = 0
    _bytes: int = 0

    def keep(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        self._last += 1
        self._kept[self._last] = KeptMail(self._last, sender, recipients, content, datetime.now(UTC))
        self._bytes += len(content)
        while len(self._kept) > MOST_MAILS or self._bytes > MOST_BYTES:
            self._bytes -= len(self._kept.pop(next(iter(self._kept))).content)

    def find(self, number: int) -> KeptMail | None:
        return self._kept.get(number)

    def newest_first(self) -> Iterator[KeptMail]:
        return reversed(self._kept.values())
