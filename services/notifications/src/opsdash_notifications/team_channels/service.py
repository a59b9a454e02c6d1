"""Adds, changes and deletes team channels, and lets those that want to hear of an event have a message.

Each function takes an open unit of work and never commits. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.access.policy import Access
from opsdash_notifications.errors import ChannelLimitReached, FieldProblem, InvalidFields, NotFound
from opsdash_notifications.mail.headers import one_line
from opsdash_notifications.team_channels import messages_repository, repository
from opsdash_notifications.team_channels.model import AMOUNTS, DisabledWhy
from opsdash_notifications.team_channels.repository import Channel
from opsdash_notifications.team_channels.setup import ChannelSetup


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of a channel; None leaves what is there."""

    name: str | None = None
    address: str | None = None
    reasons: Sequence[str] | None = None
    priorities: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    enabled: bool | None = None


async def create(work: UnitOfWork, access: Access, setup: ChannelSetup, wanted: Wanted) -> Channel:
    """Raises ChannelsNotSetUp, InvalidFields or ChannelLimitReached."""
    encryption = setup.encryption
    name, address = _name(wanted.name or ""), await setup.check(wanted.address or "")
    limit, used = AMOUNTS[access.plate], await repository.lock_amount(work.connection, access.org_id)
    if used >= limit:
        raise ChannelLimitReached(access.plate, limit=limit, used=used)
    identity, is_disabled = uuid_utils.uuid7(), wanted.enabled is False
    channel = Channel(
        id=identity,
        name=name,
        scheme=address.scheme,
        address=encryption.encrypt(address.text, identity),
        shown=address.shown,
        reasons=_unique(wanted.reasons),
        priorities=_unique(wanted.priorities),
        categories=_unique(wanted.categories),
        version=1,
        created_at=work.now,
        disabled_at=work.now if is_disabled else None,
        disabled_why=DisabledWhy.BY_HAND if is_disabled else None,
    )
    await repository.add(work.connection, access.org_id, channel)
    return channel


async def change(
    work: UnitOfWork,
    access: Access,
    setup: ChannelSetup,
    channel_id: UUID,
    wanted: Wanted,
    *,
    if_match: ExpectedVersions,
) -> Channel:
    """What changes nothing makes no version. Raises ChannelsNotSetUp, NotFound, StaleVersion or InvalidFields."""
    encryption = setup.encryption
    await messages_repository.lock_turn(work.connection, access.org_id, channel_id)
    before = await _locked(work, access, channel_id, if_match)
    changes = _changes(wanted)
    if wanted.address is not None:
        address = await setup.check(wanted.address)
        is_same = setup.is_same(before.address, before.id, address.text)
        encrypted = before.address if is_same else encryption.encrypt(address.text, before.id)
        changes |= {"scheme": address.scheme, "address": encrypted, "shown": address.shown}
    changes |= _switch(work, before, wanted.enabled)
    after = msgspec.structs.replace(before, **changes)
    if after == before:
        return before
    after = msgspec.structs.replace(after, version=before.version + 1)
    if after.address != before.address:
        after = msgspec.structs.replace(after, **_HEALTHY)
    await repository.save(work.connection, access.org_id, after)
    if not after.failures:
        await messages_repository.wake(work.connection, access.org_id, channel_id)
    return after


async def delete(work: UnitOfWork, access: Access, channel_id: UUID, *, if_match: ExpectedVersions) -> None:
    """Raises NotFound or StaleVersion."""
    await _locked(work, access, channel_id, if_match)
    await repository.delete(work.connection, access.org_id, channel_id, work.now)


_HEALTHY: dict[str, object] = {"failures": 0, "failing_since": None, "failed_at": None, "failed_with": None}


async def _locked(work: UnitOfWork, access: Access, channel_id: UUID, if_match: ExpectedVersions) -> Channel:
    channel = await repository.lock(work.connection, access.org_id, channel_id)
    if channel is None:
        raise NotFound
    check_version(channel.version, if_match)
    return channel


def _changes(wanted: Wanted) -> dict[str, object]:
    changes: dict[str, object] = {} if wanted.name is None else {"name": _name(wanted.name)}
    lists = {"reasons": wanted.reasons, "priorities": wanted.priorities, "categories": wanted.categories}
    return changes | {name: _unique(values) for name, values in lists.items() if values is not None}


def _switch(work: UnitOfWork, before: Channel, enabled: bool | None) -> dict[str, object]:
    """One that is enabled again begins anew."""
    if enabled is None or enabled == (before.disabled_at is None):
        return {}
    if enabled:
        return {"disabled_at": None, "disabled_why": None, **_HEALTHY}
    return {"disabled_at": work.now, "disabled_why": DisabledWhy.BY_HAND}


def _unique(values: Sequence[str] | None) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values or ()))


def _name(text: str) -> str:
    """One line with something in it. Raises InvalidFields."""
    name = one_line(text)
    if not name:
        raise InvalidFields([FieldProblem("/name", "required", "must have a letter that is seen")])
    return name
