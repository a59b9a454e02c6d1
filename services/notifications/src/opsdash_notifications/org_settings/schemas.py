"""The bodies of an org's settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from opsdash_notifications.common_schemas import Body
from opsdash_notifications.org_settings.model import MOST_ESCALATE_HOURS

_HOURS = "Owners and admins are told of a breach that lasts so many hours; 0 is never"
Hours = Annotated[int, Meta(ge=0, le=MOST_ESCALATE_HOURS, description=_HOURS)]


class NoticeSettings(Body):
    """What owners and admins have set for the notices of their org."""

    escalate_after_hours: int
    version: int


class PatchNoticeSettings(Body):
    """What is left out stays as it is."""

    escalate_after_hours: Hours | UnsetType = UNSET
