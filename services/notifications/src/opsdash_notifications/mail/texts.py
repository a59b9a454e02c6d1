"""The languages of mails: gettext catalogues, compiled in memory. English texts are their own message ids."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from opsdash_contracts.notices import Reason

from opsdash_notifications.languages import LANGUAGES

CATALOGUES: Final = Path(__file__).parents[1] / "locale"


def N_(text: str) -> str:  # noqa: N802 - the usual name; extraction looks for it
    """Mark a text for translation where it is only stored."""
    return text


#: What happened, by a person or by itself.
HAPPENINGS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.ASSIGNED: (N_("%(actor)s assigned this ticket to you."), N_("This ticket was assigned to you.")),
    Reason.MENTIONED: (N_("%(actor)s mentioned you."), N_("You were mentioned.")),
    Reason.COMMENTED: (N_("%(actor)s commented."), N_("There is a new comment.")),
    Reason.STATUS_CHANGED: (N_("%(actor)s changed the status."), N_("The status was changed.")),
    Reason.REOPENED: (N_("%(actor)s reopened this ticket."), N_("This ticket was reopened.")),
    Reason.SLA_WARNING: ("", N_("This ticket is due soon.")),
    Reason.SLA_BREACHED: ("", N_("This ticket is overdue.")),
    Reason.SLA_ESCALATED: ("", N_("This ticket is still overdue.")),
    Reason.REMINDER: ("", N_("You asked to be reminded of this ticket.")),
    Reason.USAGE: ("", N_("Your tickets come near the limit of your plate, or have reached it.")),
    Reason.WEBHOOK_DISABLED: ("", N_("A webhook was disabled because its address does not answer.")),
    Reason.CHANNEL_DISABLED: ("", N_("A team channel was disabled because its chat takes no messages.")),
}
#: The mail that comes daily, and is about no notice.
OVERDUE_DIGEST: Final = "overdue_digest"
#: Why a person gets such mails, and what the link at the end turns off.
_KINDS: Final[Mapping[str, str]] = {
    Reason.ASSIGNED: N_("tickets assigned to you"),
    Reason.MENTIONED: N_("comments that mention you"),
    Reason.COMMENTED: N_("comments on tickets you watch"),
    Reason.STATUS_CHANGED: N_("changes of status of tickets you watch"),
    Reason.REOPENED: N_("reopened tickets"),
    Reason.SLA_WARNING: N_("tickets that are due soon"),
    Reason.SLA_BREACHED: N_("overdue tickets"),
    Reason.SLA_ESCALATED: N_("tickets that stay overdue"),
    Reason.REMINDER: N_("your reminders"),
    Reason.USAGE: N_("the limit of your plate"),
    Reason.WEBHOOK_DISABLED: N_("disabled webhooks"),
    Reason.CHANNEL_DISABLED: N_("disabled team channels"),
    OVERDUE_DIGEST: N_("what is overdue each day"),
}
KINDS: Final = frozenset(str(kind) for kind in _KINDS)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Of a language of the list; English for every other."""
    source = CATALOGUES / language / "messages.po"
    if language not in LANGUAGES or not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def happening(reason: Reason, actor: str | None, language: str) -> str:
    """What happened, in one sentence."""
    by_somebody, by_itself = HAPPENINGS[reason]
    translated = translations(language)
    if actor and by_somebody:
        return translated.gettext(by_somebody) % {"actor": actor}
    return translated.gettext(by_itself)


def kind(name: str, language: str) -> str:
    """What such mails are about."""
    return translations(language).gettext(_KINDS[name])


def moment(at: datetime, language: str) -> str:
    """Date and time as they are written in the language, in the zone that `at` is in."""
    locale = language if language in LANGUAGES else LANGUAGES[0]
    return f"{format_date(at, 'medium', locale=locale)}, {format_time(at, 'short', tzinfo=at.tzinfo, locale=locale)}"
