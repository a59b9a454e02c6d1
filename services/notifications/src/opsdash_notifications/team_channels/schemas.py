"""The bodies of team channels. An address is only ever received."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from opsdash_contracts.tickets import Category, Priority

from opsdash_notifications.chat.address import LONGEST_ADDRESS
from opsdash_notifications.common_schemas import Body
from opsdash_notifications.team_channels import repository
from opsdash_notifications.team_channels.model import ChannelReason, DisabledWhy
from opsdash_notifications.team_channels.service import Wanted

_ADDRESS = (
    "Apprise address: slack://, workflows:// (Teams), discord://, mmosts://, rockets://, gchat://, matrixs:// or"
    " ntfys://. It is stored encrypted and never answered"
)
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Address = Annotated[str, Meta(min_length=1, max_length=LONGEST_ADDRESS, description=_ADDRESS)]
Reasons = Annotated[list[ChannelReason], Meta(min_length=1, max_length=50)]


class ChannelFilter(Body):
    """Tickets that a channel hears of; an empty list is any."""

    priorities: list[Priority]
    categories: list[Category]


class SetChannelFilter(Body):
    """The same, as somebody sets it."""

    priorities: Annotated[list[Priority], Meta(max_length=50)] = msgspec.field(default_factory=list)
    categories: Annotated[list[Category], Meta(max_length=50)] = msgspec.field(default_factory=list)


class CreateTeamChannel(Body):
    """A chat, and for which reasons it hears of tickets."""

    name: Name
    address: Address
    reasons: Reasons
    filter: SetChannelFilter = msgspec.field(default_factory=SetChannelFilter)
    enabled: bool = True

    def wanted(self) -> Wanted:
        return Wanted(
            self.name, self.address, self.reasons, self.filter.priorities, self.filter.categories, self.enabled
        )


class PatchTeamChannel(Body):
    """What is left out stays as it is; the filter is replaced as a whole."""

    name: Name | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    reasons: Reasons | UnsetType = UNSET
    filter: SetChannelFilter | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET

    def wanted(self) -> Wanted:
        filtered = None if self.filter is UNSET else self.filter
        return Wanted(
            name=None if self.name is UNSET else self.name,
            address=None if self.address is UNSET else self.address,
            reasons=None if self.reasons is UNSET else self.reasons,
            priorities=None if filtered is None else filtered.priorities,
            categories=None if filtered is None else filtered.categories,
            enabled=None if self.enabled is UNSET else self.enabled,
        )


class Disabled(Body):
    """Since when and why nothing is sent: by hand, or because the chat took nothing for long."""

    why: DisabledWhy
    at: datetime


class LastFailure(Body):
    """When the chat last took no message, and what it said."""

    at: datetime
    words: str


class TeamChannel(Body):
    """A chat of the org; `address` is what may be seen of it: what kind, where, and the last four characters."""

    id: UUID
    name: str
    scheme: str
    address: str
    reasons: list[ChannelReason]
    filter: ChannelFilter
    enabled: bool
    disabled: Disabled | None
    failures: int
    last_failure: LastFailure | None
    created_at: datetime
    version: int


class NamedChannel(Body):
    """What everybody may know of a chat."""

    id: UUID
    name: str


class NamedChannels(Body):
    """Those that the org has or had."""

    items: list[NamedChannel]


class TeamChannelPage(Body):
    """Oldest first; `next_cursor` null means the end."""

    items: list[TeamChannel]
    next_cursor: str | None


def channel_of(stored: repository.Channel) -> TeamChannel:
    at, why = stored.disabled_at, stored.disabled_why
    return TeamChannel(
        id=stored.id,
        name=stored.name,
        scheme=stored.scheme,
        address=stored.shown,
        reasons=[ChannelReason(reason) for reason in stored.reasons],
        filter=ChannelFilter(
            priorities=[Priority(value) for value in stored.priorities],
            categories=[Category(value) for value in stored.categories],
        ),
        enabled=at is None,
        disabled=None if at is None or why is None else Disabled(why=DisabledWhy(why), at=at),
        failures=stored.failures,
        last_failure=None
        if stored.failed_at is None
        else LastFailure(at=stored.failed_at, words=stored.failed_with or ""),
        created_at=stored.created_at,
        version=stored.version,
    )
