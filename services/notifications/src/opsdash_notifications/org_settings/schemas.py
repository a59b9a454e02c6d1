"""The bodies of an org's settings."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, structs

from opsdash_notifications.common_schemas import Body
from opsdash_notifications.org_settings.model import MOST_ESCALATE_HOURS

_HOURS = "Owners and admins are told of a breach that lasts so many hours; 0 is never"
Hours = Annotated[int, Meta(ge=0, le=MOST_ESCALATE_HOURS, description=_HOURS)]


class NoticeSettings(Body):
    """What owners and admins have set for the notices of their org.

    `include_text`: mails have the text of the ticket or comment they are about, for who may read it when they leave.
    `language` is the language of mails to people who have chosen none.
    """

    escalate_after_hours: int
    include_text: bool
    language: str
    version: int


class PatchNoticeSettings(Body):
    """What is left out stays as it is."""

    escalate_after_hours: Hours | UnsetType = UNSET
    include_text: bool | UnsetType = UNSET
    language: str | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in structs.asdict(self).items() if value is not UNSET}
