"""The form of a person's mails: what it shows, and what was typed as the service's request body; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.i18n.local_times import is_moment, local_text, moment_of
from opsdash_gateway.console.settings.notifications.schemas import NotificationPreferences

#: Seconds that the form offers for the delay of a mail.
DELAYS: Final = (0, 60, 300, 900, 1800, 3600)
DEFAULT_DELAY: Final = 60
#: Hours that a new person is offered for their quiet hours.
QUIET: Final = ("22:00", "07:00")
_NEEDED: Final = N_("This is needed.")
_SAME: Final = N_("Choose another time than the beginning.")
_NO_MOMENT: Final = N_("This is not a date and time.")
HOURS: Final = tuple(f"{hour:02}:00" for hour in range(24))


@dataclass
class Form:
    """What the fields hold. `muted` is a local time in `zone`, the reader's when the form was made; empty is off.

    An empty `language` is that of the workspace, an empty `digest_hour` no digest.
    """

    mail: dict[str, bool]
    delay: str
    is_quiet: bool
    quiet_from: str
    quiet_to: str
    quiet_zone: str
    urgent_through: bool
    muted: str
    language: str
    digest_hour: str
    digest_zone: str
    version: int
    zone: str


def form_of(known: NotificationPreferences, zone: str, now: datetime) -> Form:
    """As it is stored. `zone` is the reader's; a time that has passed mutes nothing any more."""
    quiet = known.quiet_hours
    is_muted = known.muted_until is not None and known.muted_until > now
    return Form(
        mail=known.mail,
        delay=str(known.mail_delay_seconds),
        is_quiet=quiet is not None,
        quiet_from=quiet.from_ if quiet else QUIET[0],
        quiet_to=quiet.to if quiet else QUIET[1],
        quiet_zone=quiet.zone if quiet else zone,
        urgent_through=known.urgent_through,
        muted=local_text(known.muted_until, zone) if is_muted and known.muted_until else "",
        language=known.language if known.language_chosen else "",
        digest_hour="" if known.digest_hour is None else str(known.digest_hour),
        digest_zone=known.digest_zone or (quiet.zone if quiet else zone),
        version=known.version,
        zone=zone,
    )


def typed_form(stored: Form, sent: Mapping[str, str], reasons: Sequence[str]) -> Form:
    """What was sent, over what is stored; `reasons` are those that were ticked."""
    return Form(
        mail={reason: reason in reasons for reason in stored.mail},
        delay=sent.get("mail_delay_seconds", stored.delay),
        is_quiet="is_quiet" in sent,
        quiet_from=sent.get("from", ""),
        quiet_to=sent.get("to", ""),
        quiet_zone=sent.get("zone", ""),
        urgent_through="urgent_through" in sent,
        muted=sent.get("muted_until", ""),
        language=sent.get("language", stored.language),
        digest_hour=sent.get("digest_hour", ""),
        digest_zone=sent.get("digest_zone", ""),
        version=stored.version,
        zone=stored.zone,
    )


def problems_of(typed: Form) -> dict[str, str]:
    """What cannot be sent, by the name of its field."""
    quiet = {"from": typed.quiet_from, "to": typed.quiet_to, "zone": typed.quiet_zone}
    found = {name: _NEEDED for name, value in quiet.items() if typed.is_quiet and not value}
    if typed.is_quiet and typed.quiet_from and typed.quiet_from == typed.quiet_to:
        found["to"] = _SAME
    if typed.digest_hour and not typed.digest_zone:
        found["digest_zone"] = _NEEDED
    if typed.muted and not is_moment(typed.muted, typed.zone):
        found["muted_until"] = _NO_MOMENT
    return found


def changes_of(stored: Form, typed: Form) -> dict[str, Any]:
    """The request's body: what differs, of a form without problems."""
    changes: dict[str, Any] = {}
    mail = {reason: on for reason, on in typed.mail.items() if on != stored.mail[reason]}
    if mail:
        changes["mail"] = mail
    if typed.delay != stored.delay:
        changes["mail_delay_seconds"] = int(typed.delay) if typed.delay.isdecimal() else typed.delay
    if _quiet(typed) != _quiet(stored):
        changes["quiet_hours"] = _quiet(typed)
    if typed.urgent_through != stored.urgent_through:
        changes["urgent_through"] = typed.urgent_through
    if typed.language != stored.language:
        changes["language"] = typed.language or None
    if typed.muted != stored.muted:
        changes["muted_until"] = moment_of(typed.muted, typed.zone).isoformat() if typed.muted else None
    return changes | _digest(stored, typed)


def _digest(stored: Form, typed: Form) -> dict[str, Any]:
    """The hour with its zone: a zone that is only offered is not stored yet."""
    if (typed.digest_hour, typed.digest_zone) == (stored.digest_hour, stored.digest_zone):
        return {}
    if not typed.digest_hour:
        return {"digest_hour": None} if stored.digest_hour else {}
    hour = int(typed.digest_hour) if typed.digest_hour.isdecimal() else typed.digest_hour
    return {"digest_hour": hour, "digest_zone": typed.digest_zone}


def _quiet(form: Form) -> dict[str, str] | None:
    return {"from": form.quiet_from, "to": form.quiet_to, "zone": form.quiet_zone} if form.is_quiet else None
