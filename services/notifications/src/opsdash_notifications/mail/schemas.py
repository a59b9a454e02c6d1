"""The bodies of what a person says about their mails."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field
from opsdash_contracts.notices import Reason

from opsdash_notifications.common_schemas import Body
from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.mail.model import LONGEST_DELAY_SECONDS, MailPreferences
from opsdash_notifications.mail.preferences import Changes
from opsdash_notifications.mail.preferences_repository import StoredPreferences
from opsdash_notifications.mail.quiet_hours import QuietHours as Hours

WallTime = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
Delay = Annotated[int, Meta(ge=0, le=LONGEST_DELAY_SECONDS)]
Hour = Annotated[int, Meta(ge=0, le=23)]
Zone = Annotated[str, Meta(description="A name of the IANA database", examples=["Europe/Madrid"], max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]


class QuietHours(Body):
    """From and to as the clock shows them in the zone, over midnight where `to` is earlier."""

    from_: str = field(name="from")
    to: str
    zone: str


class SetQuietHours(Body):
    """The same, as a person sets them."""

    from_: WallTime = field(name="from")
    to: WallTime
    zone: Zone


class NotificationPreferences(Body):
    """Which reasons bring the caller a mail, and when, in all their orgs.

    `urgent_through`: breaches of urgent tickets are sent in quiet hours too. Until `muted_until` no mail is sent.
    Where `language_chosen` is false, mails are in the language of their org, and `language` is English.
    `digest_hour`: at this hour in `digest_zone` a mail lists what is overdue; null is never.
    """

    mail: dict[Reason, bool]
    mail_delay_seconds: int
    quiet_hours: QuietHours | None
    urgent_through: bool
    muted_until: datetime | None
    language: str
    language_chosen: bool
    digest_hour: int | None
    digest_zone: str | None
    version: int


class PatchNotificationPreferences(Body):
    """What is left out stays as it is, also each reason of `mail`.

    Null ends quiet hours, muting and the digest; for the language it means the org's. A digest needs a zone once; that
    of the quiet hours is taken where none was ever given.
    """

    mail: dict[Reason, bool] | UnsetType = UNSET
    mail_delay_seconds: Delay | UnsetType = UNSET
    quiet_hours: SetQuietHours | UnsetType | None = UNSET
    urgent_through: bool | UnsetType = UNSET
    muted_until: Moment | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    digest_hour: Hour | UnsetType | None = UNSET
    digest_zone: Zone | UnsetType = UNSET


def preferences_of(stored: StoredPreferences) -> NotificationPreferences:
    known: MailPreferences = stored.to_model()
    quiet = known.quiet
    return NotificationPreferences(
        mail={reason: known.wants(reason) for reason in Reason},
        mail_delay_seconds=stored.delay_seconds,
        quiet_hours=None if quiet is None else _body(quiet),
        urgent_through=known.urgent_through,
        muted_until=known.muted_until,
        language=known.language or DEFAULT_LANGUAGE,
        language_chosen=known.language is not None,
        digest_hour=stored.digest_hour,
        digest_zone=stored.digest_zone,
        version=stored.version,
    )


def _body(quiet: Hours) -> QuietHours:
    return QuietHours(from_=quiet.begins.strftime("%H:%M"), to=quiet.ends.strftime("%H:%M"), zone=quiet.zone)


def changes_of(data: PatchNotificationPreferences) -> Changes:
    return Changes(
        turned={} if data.mail is UNSET else data.mail,
        delay_seconds=data.mail_delay_seconds,
        quiet=_hours(data.quiet_hours),
        urgent_through=data.urgent_through,
        muted_until=data.muted_until,
        language=data.language,
        digest_hour=data.digest_hour,
        digest_zone=data.digest_zone,
    )


def _hours(quiet: SetQuietHours | UnsetType | None) -> Hours | UnsetType | None:
    if not isinstance(quiet, SetQuietHours):
        return quiet
    return Hours(time.fromisoformat(quiet.from_), time.fromisoformat(quiet.to), quiet.zone)


class Unsubscribing(Body):
    """What a link turns off, in the words of the recipient's language."""

    language: str
    kinds: list[str]
