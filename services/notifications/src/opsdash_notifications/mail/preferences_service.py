"""What a person says about their mails. Each function takes an open transaction and never commits."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

import msgspec
from opsdash_chassis.database.pools import Connection
from opsdash_contracts.notices import Reason
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.errors import FieldProblem, InvalidFields, NotFound
from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.mail import preferences_repository, texts
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.preferences import Changes
from opsdash_notifications.mail.preferences_repository import StoredPreferences
from opsdash_notifications.mail.quiet_hours import QuietHours


async def preferences(connection: Connection, user_id: UUID) -> StoredPreferences:
    """The person's own; the defaults until they change one."""
    await preferences_repository.open_user(connection, user_id)
    return await preferences_repository.read(connection, user_id)


async def change(
    connection: Connection, user_id: UUID, changes: Changes, *, if_match: ExpectedVersions
) -> StoredPreferences:
    """Raises InvalidFields, StaleVersion."""
    changes.check()
    await preferences_repository.open_user(connection, user_id)
    known = await preferences_repository.lock(connection, user_id)
    check_version(known.version, if_match)
    changed = _changed(known, changes)
    if changed == known:
        return known
    changed = msgspec.structs.replace(changed, version=known.version + 1)
    await preferences_repository.save(connection, user_id, changed)
    return changed


def _changed(known: StoredPreferences, changes: Changes) -> StoredPreferences:
    values = {
        each.name: getattr(changes, each.name) for each in fields(changes) if each.name not in {"turned", "quiet"}
    }
    turned = msgspec.json.decode(known.turned, type=dict[str, bool])
    turned |= {str(reason): on for reason, on in changes.turned.items()}
    values["turned"] = msgspec.json.encode(turned, order="sorted").decode()
    if isinstance(changes.quiet, QuietHours):
        values |= {"quiet_begins": changes.quiet.begins, "quiet_ends": changes.quiet.ends}
        values["quiet_zone"] = changes.quiet.zone
    elif changes.quiet is None:
        values |= dict.fromkeys(("quiet_begins", "quiet_ends", "quiet_zone"))
    changed = msgspec.structs.replace(
        known, **{name: value for name, value in values.items() if value is not msgspec.UNSET}
    )
    return _with_zone(changed)


def _with_zone(changed: StoredPreferences) -> StoredPreferences:
    """An hour is of a zone: the one that was given, or else that of the quiet hours. Raises InvalidFields."""
    if changed.digest_hour is None or changed.digest_zone is not None:
        return changed
    if changed.quiet_zone is None:
        raise InvalidFields([FieldProblem("/digest_zone", "required", "is needed to know when that hour is")])
    return msgspec.structs.replace(changed, digest_zone=changed.quiet_zone)


async def linked(
    connection: Connection, links: MailLinks, user_id: UUID, names: str, signature: str
) -> tuple[str, list[str]]:
    """The language of whoever has the link, and what it turns off. Raises NotFound for a link that is not ours."""
    kinds = links.kinds_of(user_id, names, signature)
    if not kinds:
        raise NotFound
    language = (await preferences(connection, user_id)).language or DEFAULT_LANGUAGE
    return language, [texts.kind(kind, language) for kind in sorted(kinds)]


async def unsubscribe(connection: Connection, links: MailLinks, user_id: UUID, names: str, signature: str) -> None:
    """Turn the mails off that the link is about; the same again changes nothing. Raises NotFound."""
    kinds = links.kinds_of(user_id, names, signature)
    if not kinds:
        raise NotFound
    reasons = frozenset(Reason(kind) for kind in kinds - {texts.OVERDUE_DIGEST})
    await preferences_repository.open_user(connection, user_id)
    await preferences_repository.turn_off(connection, user_id, reasons, digest=texts.OVERDUE_DIGEST in kinds)
