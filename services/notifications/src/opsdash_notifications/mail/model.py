"""The rules by which a mail leaves, waits, becomes part of a digest or is left out. Pure functions; no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opsdash_contracts.notices import MAIL_OFF_AT_FIRST, Reason, Why

from opsdash_notifications.mail.quiet_hours import QuietHours
from opsdash_notifications.throttle import MINUTE, MOST_IN_A_MINUTE, Throttle

DEFAULT_DELAY: Final = timedelta(seconds=60)
LONGEST_DELAY_SECONDS: Final = 3600
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
#: How long a mail server may answer that it cannot take a mail now.
PATIENCE: Final = timedelta(hours=24)

#: How often, and how long in between, a mail waits for its text; then it leaves without.
MOST_WAITS_FOR_TEXT: Final = 6
PAUSE_FOR_TEXT: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class MailPreferences:
    """What a person said about their mails, in all orgs. `turned` has the reasons about which they said something.

    Without a `language` of their own, the org's holds.
    """

    turned: dict[Reason, bool] = field(default_factory=dict)
    delay: timedelta = DEFAULT_DELAY
    quiet: QuietHours | None = None
    urgent_through: bool = True
    muted_until: datetime | None = None
    language: str | None = None

    def wants(self, reason: Reason) -> bool:
        return self.turned.get(reason, reason not in MAIL_OFF_AT_FIRST)


@dataclass(frozen=True, slots=True)
class DueMail:
    """A notice whose mail is due. `is_held`: it was due before and waits for its digest."""

    notice_id: UUID
    reason: Reason
    is_urgent: bool = False
    is_seen: bool = False
    is_held: bool = False
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whether they are still to get mail of this org, as it is when the mail leaves."""

    is_member: bool
    has_address: bool


@dataclass(slots=True)
class Plan:
    """What becomes of each due mail, in their order; `digest` are those that leave as one."""

    single: list[DueMail] = field(default_factory=list)
    digest: list[DueMail] = field(default_factory=list)
    held: list[tuple[DueMail, datetime]] = field(default_factory=list)
    skipped: list[tuple[DueMail, Why]] = field(default_factory=list)
    throttle: Throttle = field(default_factory=Throttle)


def due_at(preferences: MailPreferences, *, now: datetime) -> datetime:
    """When the mail of a notice that is made now is looked at first."""
    return now + preferences.delay


def why_not(mail: DueMail, recipient: Recipient, preferences: MailPreferences, *, now: datetime) -> Why | None:
    """Why the mail is not sent at all, as things are now."""
    is_muted = preferences.muted_until is not None and now < preferences.muted_until
    reasons = (
        (not recipient.is_member, Why.NOT_A_MEMBER),
        (not recipient.has_address, Why.NO_ADDRESS),
        (mail.is_outdated, Why.TOO_OLD),
        (mail.is_seen, Why.SEEN),
        (not preferences.wants(mail.reason), Why.TURNED_OFF),
        (is_muted, Why.MUTED),
    )
    return next((why for holds, why in reasons if holds), None)


def plan(
    mails: Sequence[DueMail], recipient: Recipient, preferences: MailPreferences, throttle: Throttle, *, now: datetime
) -> Plan:
    """Decide about all that is due for one person in one org, oldest first."""
    made = Plan()
    gathers_until = (
        throttle.gathers_until if throttle.gathers_until is not None and now < throttle.gathers_until else None
    )
    room = MOST_IN_A_MINUTE - throttle.in_last_minute(now)
    for mail in mails:
        why = why_not(mail, recipient, preferences, now=now)
        quiet_until = _quiet_until(mail, preferences, now)
        if why is not None:
            made.skipped.append((mail, why))
        elif quiet_until is not None:
            made.held.append((mail, quiet_until))
        elif mail.is_held:
            made.digest.append(mail)
        elif gathers_until is None and len(made.single) < room:
            made.single.append(mail)
        else:
            gathers_until = gathers_until or now + MINUTE
            made.held.append((mail, gathers_until))
    if len(made.digest) == 1:  # one that waited alone leaves as what it is
        made.single.append(made.digest.pop())
    made.throttle = throttle.after_sending(now, count=len(made.single), gathers_until=gathers_until)
    return made


def _quiet_until(mail: DueMail, preferences: MailPreferences, now: datetime) -> datetime | None:
    passes = mail.is_urgent and mail.reason is Reason.SLA_BREACHED and preferences.urgent_through
    return None if passes or preferences.quiet is None else preferences.quiet.end_of(now)


def next_try(tries: int, *, first_due: datetime, now: datetime) -> datetime | None:
    """When a mail that the server could not take now is tried again; None when it has been tried for long enough.

    `tries` are those so far, at least 1.
    """
    if now - first_due > PATIENCE:
        return None
    pause: timedelta = FIRST_PAUSE * 2 ** min(tries - 1, 10)
    return now + min(pause, LONGEST_PAUSE)
