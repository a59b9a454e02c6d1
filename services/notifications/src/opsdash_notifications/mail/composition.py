"""Writes a mail: plain text and HTML from one template set, and its headers. No clock, no database.

What people typed is text in both, never markup: titles, names, and the beginning of a ticket or comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from opsdash_contracts.notices import Reason
from opsdash_tenancy.excerpts import Excerpt

from opsdash_notifications.mail import texts
from opsdash_notifications.mail.headers import POLICY, block, one_line

#: Of a digest; the others are counted.
MOST_LINES: Final = 50
LONGEST_NAME: Final = 100
#: What SMTP servers take without asking: no quotes, spaces, brackets or control characters.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


class BadAddress(ValueError):
    """No mail can be sent to it, or from it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `number` and `title` are of a ticket, or None; people typed `title`, `actor`, `text`.

    `text` is there where the org wants it in mails; `note` is what the recipient wrote for themselves.
    """

    reason: Reason
    actor: str | None
    number: int | None
    title: str | None
    url: str
    text: Excerpt | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OverdueLine:
    """One ticket of the daily mail; `due_at` is in the zone of whoever reads it."""

    number: int
    title: str
    due_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Whom the mail is from and to, and what it belongs to. `message_id` and `thread_id` are made once and kept."""

    sender: str
    recipient_name: str
    recipient: str
    org_name: str
    message_id: UUID
    thread_id: UUID
    unsubscribe_url: str
    language: str
    at: datetime


def notice_mail(line: Line, heading: Heading) -> EmailMessage:
    """About one thing. Raises BadAddress."""
    subject = one_line(line.title or texts.happening(line.reason, None, heading.language))
    prefix = one_line(heading.org_name, LONGEST_NAME) if line.number is None else f"#{line.number}"
    return _mail("notice", f"[{prefix}] {subject}", [line.reason], heading, entries=_entries([line], heading))


def digest_mail(lines: Sequence[Line], heading: Heading) -> EmailMessage:
    """About several things: the first of them, and how many more there are. Raises BadAddress."""
    shown = lines[:MOST_LINES]
    count = texts.translations(heading.language).ngettext("%(count)d notice", "%(count)d notices", len(lines))
    subject = f"[{one_line(heading.org_name, LONGEST_NAME)}] {count % {'count': len(lines)}}"
    reasons, more = {line.reason for line in shown}, len(lines) - len(shown)
    return _mail("digest", subject, reasons, heading, entries=_entries(shown, heading), more=more)


def overdue_mail(lines: Sequence[OverdueLine], found: int, all_url: str, heading: Heading) -> EmailMessage:
    """What is overdue, the latest first; `found` is how many there are in all, at `all_url`. Raises BadAddress."""
    translated = texts.translations(heading.language)
    count = translated.ngettext("%(count)d overdue ticket", "%(count)d overdue tickets", found) % {"count": found}
    subject = f"[{one_line(heading.org_name, LONGEST_NAME)}] {count}"
    entries, more = [_overdue_entry(line, heading.language) for line in lines], found - len(lines)
    return _mail("overdue", subject, [texts.OVERDUE_DIGEST], heading, entries=entries, more=more, more_url=all_url)


def is_address(address: str) -> bool:
    """Whether mail can be sent to it."""
    try:
        _address("", address)
    except BadAddress:
        return False
    return True


def _mail(
    template: str,
    subject: str,
    kinds: Iterable[str],
    heading: Heading,
    *,
    entries: Sequence[Mapping[str, object]],
    more: int = 0,
    more_url: str = "",
) -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    domain = _address("", heading.sender).domain
    mail["From"] = _address("OpsDash Support", heading.sender)
    mail["To"] = _address(heading.recipient_name, heading.recipient)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(heading.at)
    mail["Message-ID"] = f"<{heading.message_id}@{domain}>"
    mail["References"] = f"<{heading.thread_id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{heading.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    values = {
        "entries": entries,
        "more": more,
        "more_url": more_url,
        "heading": heading,
        "org": one_line(heading.org_name),
        "kinds": [texts.kind(kind, heading.language) for kind in sorted(kinds)],
        "subject": subject,
    }
    environment = _environment(heading.language)
    mail.set_content(environment.get_template(f"{template}.txt").render(values), cte="quoted-printable")
    html = environment.get_template(f"{template}.html").render(values)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def _entries(lines: Sequence[Line], heading: Heading) -> list[Mapping[str, object]]:
    return [_entry(line, heading.language) for line in lines]


def _entry(line: Line, language: str) -> Mapping[str, object]:
    actor = None if line.actor is None else one_line(line.actor, LONGEST_NAME)
    note = None if line.note is None else one_line(line.note)
    title = None if line.number is None else f"[#{line.number}] {one_line(line.title or '')}"
    happening = texts.happening(line.reason, actor, language)
    return {"happening": happening, "note": note, "title": title, "url": line.url, "text": _text(line.text)}


def _overdue_entry(line: OverdueLine, language: str) -> Mapping[str, object]:
    title = f"[#{line.number}] {one_line(line.title)}"
    return {"title": title, "url": line.url, "due": texts.moment(line.due_at, language)}


def _text(excerpt: Excerpt | None) -> list[str]:
    if excerpt is None:
        return []
    return block(excerpt.text if excerpt.is_whole else f"{excerpt.text.rstrip()}…")


def _address(name: str, address: str) -> Address:
    """Without letters that need an extension of SMTP; a domain in its ASCII form. Raises BadAddress."""
    local, _, domain = address.rpartition("@")
    try:
        spec = f"{local}@{domain.encode('idna').decode('ascii')}"
        made = Address(display_name=one_line(name, LONGEST_NAME), addr_spec=spec)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise BadAddress("it is no address of a mailbox") from error
    if not _ADDRESS.fullmatch(spec) or made.addr_spec != spec:
        raise BadAddress("it is no address of a mailbox")
    return made


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("opsdash_notifications.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    added: Any = environment  # by the extension
    added.install_gettext_translations(texts.translations(language), newstyle=True)
    return environment
