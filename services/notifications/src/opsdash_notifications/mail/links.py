"""Signed links by which a person turns mails off without signing in (RFC 8058), and links to tickets."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote
from uuid import UUID

from opsdash_notifications.mail.texts import KINDS

PATH: Final = "/unsubscribe"
_SIGNATURE_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class TicketLinks:
    """Into the console at its public address."""

    public_url: str

    def ticket(self, slug: str, number: int, language: str) -> str:
        return f"{self.public_url}/{language}/org/{quote(slug)}/support/{number}"

    def overdue(self, slug: str, language: str) -> str:
        return f"{self.org(slug, language)}?view=breached"

    def org(self, slug: str, language: str) -> str:
        return f"{self.public_url}/{language}/org/{quote(slug)}/support"


@dataclass(frozen=True, slots=True)
class MailLinks(TicketLinks):
    """`secrets` is one secret, or `new,old` while it is rotated: the first signs, both are accepted."""

    secrets: str

    def unsubscribe(self, user_id: UUID, kinds: Iterable[str]) -> str:
        """It turns the mails of exactly these reasons, or the daily digest, off, for exactly this person."""
        names = ",".join(sorted(set(kinds)))
        return f"{self.public_url}{PATH}/{user_id}/{names}/{self._signatures(user_id, names)[0]}"

    def kinds_of(self, user_id: UUID, names: str, signature: str) -> frozenset[str] | None:
        """What a link turns off; None for one that was not made here, or made for somebody or something else."""
        given = signature.encode("utf-8", "surrogateescape")
        if not any(hmac.compare_digest(given, own.encode()) for own in self._signatures(user_id, names)):
            return None
        return frozenset(names.split(",")) & KINDS

    def _signatures(self, user_id: UUID, names: str) -> list[str]:
        return [_signature(secret, f"unsubscribe {user_id} {names}") for secret in self.secrets.split(",")]


def _signature(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), sha256).digest()
    return urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode("ascii")
