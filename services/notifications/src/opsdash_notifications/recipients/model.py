"""Who is told of an occasion, for which reason: pure functions over plain values; no clock, no database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from uuid import UUID

from opsdash_contracts.notices import Reason, Why
from opsdash_contracts.workspace import Role


class Group(Enum):
    """Whom a reason concerns."""

    NAMED = auto()  # those the occasion names
    ONESELF = auto()  # the same, who have asked for it: though they muted the ticket
    ASSIGNEE = auto()
    RESPONSIBLE = auto()  # the assignee, or else owners and admins
    ADMINS = auto()  # owners and admins
    WATCHERS = auto()
    WATCHERS_INBOX = auto()  # the same, by no mail


GROUPS: Final[Mapping[Reason, tuple[Group, ...]]] = {
    Reason.ASSIGNED: (Group.ASSIGNEE,),
    Reason.MENTIONED: (Group.NAMED,),
    Reason.COMMENTED: (Group.WATCHERS,),
    Reason.STATUS_CHANGED: (Group.WATCHERS,),
    Reason.REOPENED: (Group.RESPONSIBLE,),
    Reason.SLA_WARNING: (Group.RESPONSIBLE, Group.WATCHERS_INBOX),
    Reason.SLA_BREACHED: (Group.RESPONSIBLE, Group.WATCHERS_INBOX),
    Reason.SLA_ESCALATED: (Group.ADMINS,),
    Reason.REMINDER: (Group.ONESELF,),
    Reason.USAGE: (Group.ADMINS,),
    Reason.WEBHOOK_DISABLED: (Group.ADMINS,),
    Reason.CHANNEL_DISABLED: (Group.ADMINS,),
}
_ADMINS: Final = frozenset({Role.OWNER, Role.ADMIN})
#: Those who are asked for by name are missed in the ledger when they are no members; others only go quietly.
_PERSONAL: Final = frozenset({Group.NAMED, Group.ASSIGNEE})
#: What a viewer hears of.
_FOR_VIEWERS: Final = frozenset({Group.NAMED, Group.ONESELF, Group.WATCHERS, Group.WATCHERS_INBOX})


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an event says about who may be concerned. Of several reasons the first that concerns a person counts.

    `note` is what the person who is told wrote for themselves.
    """

    reasons: tuple[Reason, ...]
    actor_id: UUID | None = None
    assignee_id: UUID | None = None
    named: tuple[UUID, ...] = ()
    is_urgent: bool = False
    note: str | None = None
    comment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """The members of an org at this moment, and what they want to hear of the ticket.

    `known` are those of whom the workspace feed has told, who have left included.
    """

    members: Mapping[UUID, Role]
    known: Collection[UUID] = ()
    watching: Collection[UUID] = ()
    muted: Collection[UUID] = ()
    has_support: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """One person and the reason that concerns them; `why` says why they are not told, and is None for who is."""

    user_id: UUID
    reason: Reason
    mail: bool
    why: Why | None = None

    @property
    def is_notified(self) -> bool:
        return self.why is None


def missing(occasion: Occasion, audience: Audience, org_id: UUID) -> set[UUID]:
    """Whom the occasion is about and the workspace feed has not told of; the org itself where it has no owner yet.

    That feed keeps nothing of people who left but that they did: of old watchers and assignees it may never tell.
    """
    groups = {group for reason in occasion.reasons for group in GROUPS[reason]}
    assignee = set() if occasion.assignee_id is None else {occasion.assignee_id}
    concerned = {*occasion.named, *(assignee if Group.ASSIGNEE in groups else ())}
    found = concerned - {occasion.actor_id} - set(audience.known)
    to_admins = Group.ADMINS in groups or (Group.RESPONSIBLE in groups and not assignee & audience.members.keys())
    if to_admins and not _ADMINS & set(audience.members.values()):
        found.add(org_id)
    return found


def decide(occasion: Occasion, audience: Audience) -> list[Decision]:
    """One decision a person, in a fixed order; nobody who did it, and nobody in an org without Support."""
    if not audience.has_support:
        return []
    found: dict[UUID, Decision] = {}
    for reason in occasion.reasons:
        for group in GROUPS[reason]:
            for user_id in _people(group, occasion, audience):
                if user_id != occasion.actor_id and user_id not in found:
                    found |= _decision(user_id, reason, group, audience)
    return sorted(found.values(), key=lambda decision: decision.user_id)


def _people(group: Group, occasion: Occasion, audience: Audience) -> Iterator[UUID]:
    if group in {Group.NAMED, Group.ONESELF}:
        yield from occasion.named
    elif group is Group.ASSIGNEE or (group is Group.RESPONSIBLE and occasion.assignee_id in audience.members):
        if occasion.assignee_id is not None:
            yield occasion.assignee_id
    elif group in {Group.ADMINS, Group.RESPONSIBLE}:
        yield from (user_id for user_id, role in audience.members.items() if role in _ADMINS)
    else:
        yield from audience.watching


def _decision(user_id: UUID, reason: Reason, group: Group, audience: Audience) -> dict[UUID, Decision]:
    """Empty for who is to hear nothing of it and would not be missed."""
    why = None
    if user_id not in audience.members:
        if group not in _PERSONAL:
            return {}
        why = Why.NOT_A_MEMBER
    elif audience.members[user_id] is Role.VIEWER and group not in _FOR_VIEWERS:
        return {}
    elif user_id in audience.muted and group is not Group.ONESELF:
        why = Why.MUTED
    return {user_id: Decision(user_id, reason, mail=group is not Group.WATCHERS_INBOX, why=why)}
